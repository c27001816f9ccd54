"""How far each consumer group is behind."""

from collections.abc import Iterable
from dataclasses import dataclass
from time import monotonic, sleep

from confluent_kafka import (
    ConsumerGroupTopicPartitions,
    IsolationLevel,
    KafkaError,
    KafkaException,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, OffsetSpec

from streaming.consumer_groups import NO_COORDINATOR_YET
from streaming.inspecting.record_timestamps import received_at
from streaming.partitioner import Partition

TIMEOUT_SECONDS = 5.0
OUT_OF_DATE = {
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.UNKNOWN_LEADER_EPOCH,
    KafkaError.FENCED_LEADER_EPOCH,
}
"""What a client may go on saying of a topic in the making, or after a change of leaders, until it asks for all topics:
librdkafka 2.16 forgets such news only after all that it had learnt before, which is up to a quarter of an hour."""

COORDINATOR_EVERY_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class PartitionLag:
    topic: str
    partition: int
    committed: int
    """the offset that the group reads next"""
    end: int
    """the offset that the next record will get"""
    markers: int = 0
    """offsets in between that hold no record: Kafka marks the end of each transaction in the log"""
    held: int = 0
    """of those that it has not read, how many no consumer is given yet: they stand behind an open transaction"""

    @property
    def lag(self) -> int:
        return max(0, self.end - self.committed - self.markers)


def end_offsets(
    admin: AdminClient, partitions: Iterable[Partition], timeout: float = TIMEOUT_SECONDS
) -> dict[Partition, int]:
    """For each (topic, partition), the offset that its next record will get."""
    return _offsets(admin, partitions, OffsetSpec.latest(), timeout)


def stable_offsets(
    admin: AdminClient, partitions: Iterable[Partition], timeout: float = TIMEOUT_SECONDS
) -> dict[Partition, int]:
    """For each (topic, partition), the offset before which every transaction has ended.

    Consumers of committed records are given none from there on. Ask for the ends before: what is written in between
    would look as if it were held.
    """
    return _offsets(admin, partitions, OffsetSpec.latest(), timeout, IsolationLevel.READ_COMMITTED)


def begin_offsets(
    admin: AdminClient, partitions: Iterable[Partition], timeout: float = TIMEOUT_SECONDS
) -> dict[Partition, int]:
    """For each (topic, partition), the offset of the oldest record that is still kept."""
    return _offsets(admin, partitions, OffsetSpec.earliest(), timeout)


def _offsets(
    admin: AdminClient,
    partitions: Iterable[Partition],
    spec: OffsetSpec,
    timeout: float,
    isolation: IsolationLevel = IsolationLevel.READ_UNCOMMITTED,
) -> dict[Partition, int]:
    asked = {TopicPartition(topic, number): spec for topic, number in partitions}
    if not asked:
        return {}

    def ask() -> dict[Partition, int]:
        answers = admin.list_offsets(asked, request_timeout=timeout, isolation_level=isolation)
        offsets = {(p.topic, p.partition): answer.result().offset for p, answer in answers.items()}
        # librdkafka 2.16 gives no error where a leader was silent until the time was over, and -1001 for an offset.
        if any(offset < 0 for offset in offsets.values()):
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))
        return offsets

    try:
        return ask()
    except KafkaException as error:
        if error.args[0].code() not in OUT_OF_DATE:
            raise
        admin.list_topics(timeout=timeout)
        return ask()


def committed_offsets(admin: AdminClient, group: str, timeout: float = TIMEOUT_SECONDS) -> dict[Partition, int]:
    """For each (topic, partition) that the group has committed, the offset that it reads next.

    Waits for the group's coordinator first. librdkafka ends the whole process where the broker that it takes for the
    coordinator answers that it is none, as a broker does that has only just started (librdkafka#5040, open).
    """
    _await_coordinator(admin, group, timeout)
    return offsets_of_described(admin, group, timeout)


def offsets_of_described(admin: AdminClient, group: str, timeout: float) -> dict[Partition, int]:
    """As committed_offsets, for a group that its coordinator has just described."""
    asked = [ConsumerGroupTopicPartitions(group)]
    answers = admin.list_consumer_group_offsets(asked, request_timeout=timeout)
    partitions = answers[group].result().topic_partitions
    return {(p.topic, p.partition): p.offset for p in partitions if p.offset >= 0}


def _await_coordinator(admin: AdminClient, group: str, timeout: float) -> None:
    deadline = monotonic() + timeout
    while True:
        try:
            admin.describe_consumer_groups([group], request_timeout=timeout)[group].result(timeout + 1)
        except KafkaException as error:
            if error.args[0].code() == KafkaError.GROUP_ID_NOT_FOUND:
                return  # the coordinator knows of no such group
            if error.args[0].code() not in NO_COORDINATOR_YET or monotonic() > deadline:
                raise
            sleep(COORDINATOR_EVERY_SECONDS)
        else:
            return


def unread(admin: AdminClient, group: str, topics: Iterable[str]) -> int:
    """How many records of the topics a group has not read yet, also where it has never committed anything.

    What stands behind an open transaction is among them.
    Markers of transactions count among records, but not where nothing else is left: none to read is always 0.
    """
    committed = committed_offsets(admin, group)
    metadata = admin.list_topics(timeout=TIMEOUT_SECONDS).topics
    partitions = [(topic, number) for topic in topics for number in metadata[topic].partitions]
    begins = begin_offsets(admin, partitions)
    ends = end_offsets(admin, partitions)
    stable = stable_offsets(admin, partitions)
    starts = {each: max(begins[each], committed.get(each, 0)) for each in partitions}
    waiting = {(*each, starts[each]): ends[each] - starts[each] for each in partitions if starts[each] < ends[each]}
    # Who could not be asked in time is not in there, and counts as waiting.
    first = received_at(waiting, TIMEOUT_SECONDS)
    return sum(
        count if first.get((*each, offset), ...) is not None else max(0, ends[each] - max(stable[each], offset))
        for (*_, offset), count, each in ((at, count, at[:2]) for at, count in waiting.items())
    )
