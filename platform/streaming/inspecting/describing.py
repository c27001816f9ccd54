"""Asks brokers what the cluster looks like. One that hangs hides nothing but what it alone knows."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, ClusterMetadata, ConsumerGroupDescription

from streaming.inspecting.cluster import Broker, Cluster, Group, Member, PartitionState, Unreachable
from streaming.inspecting.lag import begin_offsets, end_offsets, offsets_of_described, stable_offsets
from streaming.partitioner import Partition

TIMEOUT_SECONDS = 1.5
SILENT = {"_TRANSPORT", "_TIMED_OUT", "_ALL_BROKERS_DOWN", "REQUEST_TIMED_OUT"}
AT_ONCE = 8
"""How many questions are on their way together: most wait for the broker."""
READ_AT_START_ONLY = "-schemahistory"
"""What such groups end in: Debezium reads its history of tables in them when it starts, and never again."""
Offsets = dict[Partition, int]


def describe(admin: AdminClient, timeout: float = TIMEOUT_SECONDS) -> Cluster:
    """The cluster, as far as its brokers answer; raises Unreachable if none does, or they refuse to.

    Committed offsets are read before end offsets: the other way round, lag could come out negative. Stable offsets are
    read after them: what is written in between would look as if it were held.
    """
    metadata = _metadata(admin, timeout)
    try:
        begins, silent = _of_leaders(begin_offsets, admin, _by_leader(metadata), timeout)
        groups, lacks_groups = _groups(admin, timeout)
        committed = _committed(admin, [group.group_id for group in groups], timeout)
        ends, hung = _of_leaders(end_offsets, admin, _by_leader(metadata, but=silent), timeout)
        stable, ended = _of_leaders(stable_offsets, admin, _by_leader(metadata, but=silent | hung), timeout)
    except KafkaException as error:
        raise Unreachable(_sentence(error)) from error
    silent |= hung | ended
    if silent and not stable:
        raise Unreachable(NO_ANSWER)
    partitions = tuple(_partitions(metadata, begins, {each: ends[each] for each in stable}, stable))
    return Cluster(
        at=datetime.now(UTC),
        id=str(metadata.cluster_id),
        controller=metadata.controller_id if metadata.controller_id >= 0 else None,
        brokers=tuple(Broker(each.id, str(each.host), each.port) for _, each in sorted(metadata.brokers.items())),
        partitions=partitions,
        groups=tuple(
            _group(group, committed[group.group_id], partitions) for group in groups if group.group_id in committed
        ),
        silent=tuple(sorted(silent)),
        lacks_groups=lacks_groups or len(committed) < len(groups),
    )


NO_ANSWER = "No Kafka broker answers. See whether Kafka runs, and whether KAFKA_BOOTSTRAP_SERVERS names it."


def _metadata(admin: AdminClient, timeout: float) -> ClusterMetadata:
    try:
        return admin.list_topics(timeout=timeout)
    except KafkaException as error:
        raise Unreachable(_sentence(error)) from error


def _sentence(error: KafkaException) -> str:
    name = error.args[0].name()
    if _is_silence(error):
        return NO_ANSWER
    if error.args[0].retriable():
        return f"Kafka cannot tell its state just now ({name.strip('_')}), as while a broker starts or ends."
    return f"Kafka refused to tell its state ({name.strip('_')}). See the rights of this service's Kafka account."


def _is_silence(error: KafkaException) -> bool:
    return error.args[0].name() in SILENT


def _by_leader(metadata: ClusterMetadata, but: Iterable[int] = ()) -> dict[int, list[Partition]]:
    """The partitions that each broker leads; without those that are offline, or led by one of `but`."""
    led: dict[int, list[Partition]] = defaultdict(list)
    for topic, about in metadata.topics.items():
        for number, partition in about.partitions.items():
            if partition.leader >= 0 and partition.leader not in but:
                led[partition.leader].append((topic, number))
    return led


def _of_leaders(
    ask: Callable[[AdminClient, Iterable[Partition], float], Offsets],
    admin: AdminClient,
    led: Mapping[int, list[Partition]],
    timeout: float,
) -> tuple[Offsets, set[int]]:
    """Offsets of each leader's partitions, and the leaders that were silent: each is asked apart from the others."""
    offsets: Offsets = {}
    silent: set[int] = set()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for broker, answer in [(each, pool.submit(ask, admin, some, timeout)) for each, some in led.items()]:
            try:
                offsets |= answer.result()
            except KafkaException as error:
                if not _is_silence(error):
                    raise
                silent.add(broker)
    return offsets, silent


def _groups(admin: AdminClient, timeout: float) -> tuple[list[ConsumerGroupDescription], bool]:
    """The groups, and whether some broker did not name its own."""
    listed = admin.list_consumer_groups(request_timeout=timeout).result()
    lacks = False
    for error in map(KafkaException, listed.errors or ()):
        if not _is_silence(error):
            raise error
        lacks = True
    names = sorted(each.group_id for each in listed.valid or () if not each.group_id.endswith(READ_AT_START_ONLY))
    if not names:
        return [], lacks
    groups = []
    for answer in admin.describe_consumer_groups(names, request_timeout=timeout).values():
        try:
            groups.append(answer.result())
        except KafkaException as error:
            if not _is_silence(error):
                raise
            lacks = True
    return groups, lacks


def _committed(admin: AdminClient, groups: Iterable[str], timeout: float) -> dict[str, Offsets]:
    """Where each group stands; without those whose coordinator is silent."""
    committed: dict[str, Offsets] = {}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for group, answer in [(each, pool.submit(offsets_of_described, admin, each, timeout)) for each in groups]:
            try:
                committed[group] = answer.result()
            except KafkaException as error:
                if not _is_silence(error):
                    raise
    return committed


def _partitions(
    metadata: ClusterMetadata,
    begins: Mapping[Partition, int],
    ends: Mapping[Partition, int],
    stable: Mapping[Partition, int],
) -> Iterable[PartitionState]:
    for topic, about in sorted(metadata.topics.items()):
        for number, partition in sorted(about.partitions.items()):
            yield PartitionState(
                topic=topic,
                number=number,
                leader=partition.leader if partition.leader >= 0 else None,
                replicas=len(partition.replicas),
                in_sync=len(partition.isrs),
                begin=begins.get((topic, number)),
                end=ends.get((topic, number)),
                preferred_leader=partition.replicas[0] if partition.replicas else None,
                stable=stable.get((topic, number)),
            )


def _group(
    group: ConsumerGroupDescription,
    committed: Mapping[Partition, int],
    partitions: Iterable[PartitionState],
) -> Group:
    assigned = {(p.topic, p.partition) for member in group.members for p in member.assignment.topic_partitions}
    # A member begins a partition in which its group has committed nothing at the partition's oldest record.
    readable = {(each.topic, each.number): each for each in partitions if each.end is not None}
    reads_next = dict.fromkeys(assigned, 0) | dict(committed)
    return Group(
        name=group.group_id,
        state=str(group.state.name),
        members=tuple(
            Member(member.client_id, member.host.lstrip("/"), len(member.assignment.topic_partitions))
            for member in group.members
        ),
        lags=tuple(
            readable[partition].lag_from(offset)
            for partition, offset in sorted(reads_next.items())
            if partition in readable
        ),
        assigned=frozenset(assigned),
    )
