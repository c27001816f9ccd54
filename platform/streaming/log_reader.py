"""Reading stretches of partitions from the log, apart from any consumer group's progress."""

from collections.abc import Generator, Iterable, Mapping
from contextlib import closing
from datetime import datetime
from time import monotonic, sleep
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from events.time import in_millis
from streaming import clients
from streaming.message_fields import is_packed, partition, stepped_over
from streaming.partitioner import Partition

TIMEOUT_SECONDS = 30
POLL_SECONDS, FILL_SECONDS = 1.0, 0.01
READ_AT_ONCE = 1000
LEADER_MOVED = {KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE}
AGAIN_SECONDS = 0.1


def reader(group: str) -> Consumer:
    """A consumer to be given partitions: it hears where each ends, and bears the group's name without joining it."""
    # Who reads to an end gains nothing where the broker holds its answer back until more has come.
    # Fetched ahead of a reader that decodes, a hundred thousand messages a partition would only take memory.
    options: dict[str, Any] = {"enable.partition.eof": True, "fetch.wait.max.ms": 20, "queued.min.messages": 10_000}
    return clients.consumer(group, **options)


def bounds(consumer: Consumer, of: Partition) -> tuple[int, int]:
    """The offset of the oldest record that a partition keeps, and the one that its next record will get.

    Where the leader has just moved, it is asked again, for TIMEOUT_SECONDS. Raises KafkaException.
    """
    until = monotonic() + TIMEOUT_SECONDS
    while True:
        try:
            return consumer.get_watermark_offsets(TopicPartition(*of), timeout=TIMEOUT_SECONDS)
        except KafkaException as error:
            if error.args[0].code() not in LEADER_MOVED or monotonic() > until:
                raise
        sleep(AGAIN_SECONDS)
        # The client asks whom it takes for the leader: so it hears who is.
        consumer.list_topics(of[0], timeout=TIMEOUT_SECONDS)


def begins(consumer: Consumer, topics: Iterable[str]) -> dict[Partition, int]:
    """For each partition of the topics, the offset of the oldest record that it keeps."""
    return {
        (topic, number): bounds(consumer, (topic, number))[0]
        for topic in map(str, topics)
        for number in consumer.list_topics(topic, timeout=TIMEOUT_SECONDS).topics[topic].partitions
    }


def offsets_at(consumer: Consumer, partitions: Iterable[Partition], moment: datetime) -> dict[Partition, int]:
    """Where each partition's first record stands that was received at this moment or later; of none: its end."""
    asked = [TopicPartition(*each, in_millis(moment)) for each in partitions]
    found = consumer.offsets_for_times(asked, timeout=TIMEOUT_SECONDS) if asked else []
    return {(each.topic, each.partition): each.offset for each in found}


def read(
    consumer: Consumer,
    starts: Mapping[Partition, int],
    *,
    at_once: int = READ_AT_ONCE,
    patience: float = TIMEOUT_SECONDS,
) -> Generator[list[Message], None, None]:
    """Batches of what the partitions hold from these offsets on, until the end of each has been seen.

    A message that cannot be unpacked is among them, with its error and nothing in it.

    consumer: a reader. The broker says where a partition ends: markers of transactions take offsets, and are no
    records. Raises TimeoutError if nothing comes for `patience` seconds.
    """
    consumer.assign([TopicPartition(*each, offset) for each, offset in starts.items()])
    unfinished, until, reached = set(starts), monotonic() + patience, dict(starts)
    try:
        while unfinished:
            came = consumer.consume(1, timeout=min(POLL_SECONDS, patience))
            if came:
                came += consumer.consume(at_once - 1, timeout=FILL_SECONDS) if at_once > 1 else []
                until = monotonic() + patience
            elif monotonic() > until:
                raise TimeoutError(f"Kafka was silent for {patience:g} s; still to read: {sorted(unfinished)}")
            unfinished -= {_ended(message) for message in came if message.error() and not is_packed(message)}
            yield _messages(consumer, came, reached)
    finally:
        consumer.unassign()


def _messages(consumer: Consumer, came: Iterable[Message], reached: dict[Partition, int]) -> list[Message]:
    """The messages among what came; reached: for each partition, the offset that is read next, brought up to date."""
    messages: list[Message] = []
    stepped: set[Partition] = set()
    for message in came:
        where = partition(message)
        if is_packed(message) and where not in stepped:
            # It is reported again and again until the consumer has stepped over it.
            stepped.add(where)
            messages.append(stepped_over(consumer, message, reached[where]))
        elif not message.error():
            messages.append(message)
        else:
            continue
        reached[where] = int(messages[-1].offset() or 0) + 1
    return messages


def read_range(consumer: Consumer, of: Partition, start: int, end: int) -> Generator[Message, None, None]:
    """The messages of a partition from offset `start`, or from where it begins, up to just before `end`.

    consumer: a reader. Raises TimeoutError if the broker stays silent.
    """
    low, _ = bounds(consumer, of)
    if max(low, start) >= end:
        return
    with closing(read(consumer, {of: max(low, start)})) as batches:
        for messages in batches:
            for message in messages:
                offset = int(message.offset() or 0)
                if offset < end:
                    yield message
                if offset >= end - 1:
                    return


def _ended(message: Message) -> Partition:
    """The partition whose end is reported; raises KafkaException for any other news."""
    error = message.error()
    if error is None or error.code() != KafkaError._PARTITION_EOF:
        raise KafkaException(error)
    return partition(message)
