"""Reading stretches of partitions from the log, apart from any consumer group's progress."""

from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing
from time import monotonic
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from streaming import clients

TIMEOUT_SECONDS = 30
POLL_SECONDS, FILL_SECONDS = 1.0, 0.01
READ_AT_ONCE = 1000
Partition = tuple[str, int]


def reader(group: str) -> Consumer:
    """A consumer to be given partitions, and told where each ends; it bears the group's name, and does not join it."""
    # Who reads to an end gains nothing where the broker holds its answer back until more has come.
    options: dict[str, Any] = {"enable.partition.eof": True, "fetch.wait.max.ms": 20}
    return clients.consumer(group, **options)


def bounds(consumer: Consumer, partition: Partition) -> tuple[int, int]:
    """The offset of the oldest record that a partition keeps, and the one that its next record will get."""
    return consumer.get_watermark_offsets(TopicPartition(*partition), timeout=TIMEOUT_SECONDS)


def begins(consumer: Consumer, topics: Iterable[str]) -> dict[Partition, int]:
    """For each partition of the topics, the offset of the oldest record that it keeps."""
    return {
        (topic, number): bounds(consumer, (topic, number))[0]
        for topic in map(str, topics)
        for number in consumer.list_topics(topic, timeout=TIMEOUT_SECONDS).topics[topic].partitions
    }


def read(
    consumer: Consumer,
    starts: Mapping[Partition, int],
    *,
    at_once: int = READ_AT_ONCE,
    patience: float = TIMEOUT_SECONDS,
) -> Generator[list[Message], None, None]:
    """Batches of what the partitions hold from these offsets on, until the end of each has been seen.

    consumer: a reader. The broker tells it where a partition ends: markers of transactions take offsets, and are no
    records. Raises TimeoutError if nothing comes for `patience` seconds.
    """
    consumer.assign([TopicPartition(*partition, offset) for partition, offset in starts.items()])
    unfinished, until = set(starts), monotonic() + patience
    try:
        while unfinished:
            came = consumer.consume(1, timeout=min(POLL_SECONDS, patience))
            if came:
                came += consumer.consume(at_once - 1, timeout=FILL_SECONDS) if at_once > 1 else []
                until = monotonic() + patience
            elif monotonic() > until:
                raise TimeoutError(f"Kafka was silent for {patience:g} s; still to read: {sorted(unfinished)}")
            unfinished -= {_ended(message) for message in came if message.error()}
            yield [message for message in came if not message.error()]
    finally:
        consumer.unassign()


def read_range(consumer: Consumer, partition: Partition, start: int, end: int) -> Iterator[Message]:
    """The messages of a partition from offset `start`, or from where it begins, up to just before `end`.

    consumer: a reader. Raises TimeoutError if the broker stays silent.
    """
    low, _ = bounds(consumer, partition)
    if max(low, start) >= end:
        return
    with closing(read(consumer, {partition: max(low, start)})) as batches:
        for messages in batches:
            for message in messages:
                offset = int(message.offset() or 0)
                if offset < end:
                    yield message
                if offset >= end - 1:
                    return


def _ended(message: Message) -> Partition:
    """The partition whose end is told; raises KafkaException for any other news."""
    error = message.error()
    if error is None or error.code() != KafkaError._PARTITION_EOF:
        raise KafkaException(error)
    return str(message.topic()), -1 if (number := message.partition()) is None else number
