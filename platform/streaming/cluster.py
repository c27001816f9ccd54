"""What the cluster looks like at this moment: brokers, partitions, consumer groups."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, ClusterMetadata, ConsumerGroupDescription

from streaming.lag import Partition, PartitionLag, begin_offsets, committed_offsets, end_offsets, stable_offsets

TIMEOUT_SECONDS = 1.5
SILENT = {"_TRANSPORT", "_TIMED_OUT", "_ALL_BROKERS_DOWN", "REQUEST_TIMED_OUT"}


class Unreachable(RuntimeError):
    """Kafka did not answer, or refused to; says so without naming hosts or accounts."""


@dataclass(frozen=True, slots=True)
class Broker:
    id: int
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class PartitionState:
    topic: str
    number: int
    leader: int | None
    """the broker that serves it; None: it is offline"""
    replicas: int
    in_sync: int
    begin: int | None
    """the offset of the oldest record still kept"""
    end: int | None
    """the offset that the next record will get; None: offline"""
    preferred_leader: int | None = None
    """the broker that should serve it"""
    stable: int | None = None
    """the offset from which on consumers of committed records are given none; None: not known"""
    open_since: datetime | None = None
    """when the transaction began that is open there; None: none is"""

    @property
    def held(self) -> int:
        """How many records, or a few more, stand behind an open transaction."""
        return 0 if self.end is None or self.stable is None else max(0, self.end - self.stable)

    def lag_from(self, offset: int) -> PartitionLag:
        """The lag of who reads this offset next; the partition's begin and end must be known.

        An offset beyond the end is of a topic of the same name that was deleted: all that is kept waits.
        """
        begin, end = self.begin or 0, self.end or 0
        starts = begin if offset > end else max(offset, begin)
        return PartitionLag(self.topic, self.number, starts, end, held=max(0, min(self.held, end - starts)))

    @property
    def is_under_replicated(self) -> bool:
        return self.in_sync < self.replicas

    @property
    def records(self) -> int:
        return (self.end or 0) - (self.begin or 0)


@dataclass(frozen=True, slots=True)
class Member:
    client_id: str
    host: str
    partitions: int


@dataclass(frozen=True, slots=True)
class Group:
    """A consumer group, whether or not anybody is in it."""

    name: str
    state: str
    members: tuple[Member, ...]
    lags: tuple[PartitionLag, ...]
    assigned: frozenset[Partition] = frozenset()
    """the partitions that some member has been given"""


@dataclass(frozen=True, slots=True)
class Cluster:
    at: datetime
    id: str
    controller: int | None
    brokers: tuple[Broker, ...]
    partitions: tuple[PartitionState, ...]
    groups: tuple[Group, ...]


def ping(admin: AdminClient, timeout: float = TIMEOUT_SECONDS) -> int:
    """The number of brokers that are up; raises Unreachable."""
    return len(_metadata(admin, timeout).brokers)


def describe(admin: AdminClient, timeout: float = TIMEOUT_SECONDS) -> Cluster:
    """The whole cluster; raises Unreachable.

    Committed offsets are read before end offsets: the other way round, lag could come out negative.
    """
    metadata = _metadata(admin, timeout)
    try:
        groups = _groups(admin, timeout)
        committed = {group.group_id: committed_offsets(admin, group.group_id, timeout) for group in groups}
        online = [
            (topic, number)
            for topic, about in metadata.topics.items()
            for number, partition in about.partitions.items()
            if partition.leader >= 0
        ]
        begins, ends = begin_offsets(admin, online, timeout), end_offsets(admin, online, timeout)
        stable = stable_offsets(admin, online, timeout)
    except KafkaException as error:
        raise Unreachable(_sentence(error)) from error
    partitions = tuple(_partitions(metadata, begins, ends, stable))
    return Cluster(
        at=datetime.now(UTC),
        id=str(metadata.cluster_id),
        controller=metadata.controller_id if metadata.controller_id >= 0 else None,
        brokers=tuple(Broker(each.id, str(each.host), each.port) for _, each in sorted(metadata.brokers.items())),
        partitions=partitions,
        groups=tuple(_group(group, committed[group.group_id], partitions) for group in groups),
    )


def _metadata(admin: AdminClient, timeout: float) -> ClusterMetadata:
    try:
        return admin.list_topics(timeout=timeout)
    except KafkaException as error:
        raise Unreachable(_sentence(error)) from error


def _sentence(error: KafkaException) -> str:
    name = error.args[0].name()
    if name in SILENT:
        return "No Kafka broker answers. See whether Kafka runs, and whether KAFKA_BOOTSTRAP_SERVERS names it."
    if error.args[0].retriable():
        return f"Kafka cannot tell its state just now ({name.strip('_')}), as while a broker starts or ends."
    return f"Kafka refused to tell its state ({name.strip('_')}). See the rights of this service's Kafka account."


READ_AT_START_ONLY = "-schemahistory"
"""What such groups end in: Debezium reads its history of tables in them when it starts, and never again."""


def _groups(admin: AdminClient, timeout: float) -> list[ConsumerGroupDescription]:
    listed = admin.list_consumer_groups(request_timeout=timeout).result()
    for error in listed.errors or ():
        raise KafkaException(error)
    names = sorted(each.group_id for each in listed.valid or () if not each.group_id.endswith(READ_AT_START_ONLY))
    if not names:
        return []
    described = admin.describe_consumer_groups(names, request_timeout=timeout)
    return [described[name].result() for name in names]


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
