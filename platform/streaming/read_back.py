"""Reading a stretch of a partition again from the log."""

from collections.abc import Callable, Iterator
from time import monotonic

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from streaming.seen import Partition

TIMEOUT_SECONDS = 30


class LogIsShorter(RuntimeError):
    """The database has applied more of a partition than the partition holds: the topic was made anew."""


def read_back(
    consumer: Consumer, identity: Callable[[Message], str | None], partition: Partition, end: int, capacity: int
) -> Iterator[str]:
    """The identities of the last `capacity` events before offset `end`, or a few more, oldest first.

    identity gives None for what is no event. Raises LogIsShorter if the partition ends before `end`.
    """
    topic, number = partition
    _, high = consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=TIMEOUT_SECONDS)
    if high < end:
        raise LogIsShorter(
            f"{topic}[{number}] ends at offset {high}, but the database has applied it up to {end}: the topic was made "
            "anew. Delete the rows of its consumer from streaming_appliedoffset to count the new topic from its start."
        )
    # Producers with transactions leave a marker after each: twice the capacity holds enough events.
    for message in read_range(consumer, partition, end - 2 * capacity, end):
        if (name := identity(message)) is not None:
            yield name


def read_range(consumer: Consumer, partition: Partition, start: int, end: int) -> Iterator[Message]:
    """The messages of a partition from offset `start`, or from where it begins, up to just before `end`.

    The record before `end` must be one that readers see. Raises TimeoutError if the broker stays silent.
    """
    topic, number = partition
    low, _ = consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=TIMEOUT_SECONDS)
    position = max(low, start)
    consumer.assign([TopicPartition(topic, number, position)])
    patience = monotonic() + TIMEOUT_SECONDS
    while position < end:
        # No more than are left: consume() returns early only when it has as many as it was asked for.
        for message in consumer.consume(min(10_000, end - position), timeout=0.5):
            if error := message.error():
                raise KafkaException(error)
            yield message
            position = int(message.offset() or 0) + 1
            patience = monotonic() + TIMEOUT_SECONDS
        if monotonic() > patience:
            raise TimeoutError(
                f"no record of {topic}[{number}] came for {TIMEOUT_SECONDS} s, at offset {position} of {end}"
            )
    consumer.unassign()
