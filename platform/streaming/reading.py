"""Reading a stretch of a partition from the log, apart from any consumer group's progress."""

from collections.abc import Iterator
from time import monotonic

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

TIMEOUT_SECONDS = 30
Partition = tuple[str, int]


def bounds(consumer: Consumer, partition: Partition) -> tuple[int, int]:
    """The offset of the oldest record that a partition keeps, and the one that its next record will get."""
    return consumer.get_watermark_offsets(TopicPartition(*partition), timeout=TIMEOUT_SECONDS)


def read_range(consumer: Consumer, partition: Partition, start: int, end: int) -> Iterator[Message]:
    """The messages of a partition from offset `start`, or from where it begins, up to just before `end`.

    The record before `end` must be one that readers see. Raises TimeoutError if the broker stays silent.
    """
    topic, number = partition
    low, _ = bounds(consumer, partition)
    position = max(low, start)
    consumer.assign([TopicPartition(topic, number, position)])
    patience = monotonic() + TIMEOUT_SECONDS
    while position < end:
        # No more than are left: consume() returns early only when it has as many as it was asked for.
        for message in consumer.consume(min(10_000, end - position), timeout=0.5):
            if error := message.error():
                raise KafkaException(error)
            position = int(message.offset() or 0) + 1
            if position > end:
                # Markers of transactions take offsets but are no messages: as many as were asked for reach beyond.
                break
            yield message
            patience = monotonic() + TIMEOUT_SECONDS
        if monotonic() > patience:
            raise TimeoutError(
                f"no record of {topic}[{number}] came for {TIMEOUT_SECONDS} s, at offset {position} of {end}"
            )
    consumer.unassign()
