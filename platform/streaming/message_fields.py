"""What a message says of itself, whoever sent it: nothing here raises, whatever that is.

Other systems write to our topics, so names and values of headers, keys, times and sizes are untrusted. Any code that
looks at them asks here.
"""

from dataclasses import dataclass
from datetime import datetime
from operator import methodcaller
from typing import Protocol, cast

from confluent_kafka import (
    TIMESTAMP_LOG_APPEND_TIME,
    TIMESTAMP_NOT_AVAILABLE,
    KafkaError,
    Message,
    TopicPartition,
)

from events.time import from_millis
from streaming.partitioner import Partition, log_position
from streaming.records import EventT, Record

# Not message.headers(): in a hot loop Python would call that without looking whether an error came with its result.
_headers_of = methodcaller("headers")

Header = tuple[str, bytes | None]


class Positioned(Protocol):
    """What is used here of a client that reads."""

    def seek(self, partition: TopicPartition, /) -> None: ...
    def position(self, partitions: list[TopicPartition], /) -> list[TopicPartition]: ...
    def committed(self, partitions: list[TopicPartition], /, timeout: float) -> list[TopicPartition]: ...


TIMEOUT_SECONDS = 10


def partition(message: Message) -> Partition:
    number = message.partition()
    return str(message.topic()), -1 if number is None else number


def origin(message: Message) -> str:
    """Where a message stands: topic[partition]@offset."""
    return log_position(*partition(message), message.offset())


def headers(message: Message) -> list[Header] | None:
    """Names and values of a message's headers, in their order; None: they cannot be read.

    Kafka takes any bytes for a name. The client decodes names as UTF-8; where it cannot, its list has holes that end
    the process when touched (confluent-kafka 2.16), so the message is freed of it and has no headers from then on.
    """
    try:
        raw = _headers_of(message)
    except (SystemError, UnicodeDecodeError):
        message.set_headers([])
        return None
    if not raw:
        return []
    pairs = raw.items() if isinstance(raw, dict) else raw
    return [(name, as_bytes(value)) for name, value in pairs]


def header(message: Message, name: str) -> bytes | None:
    """The last value of a message's header of this name; None: it has none, or none that can be read."""
    return dict(headers(message) or ()).get(name)


@dataclass(frozen=True, slots=True)
class _Packed:
    """Stands in the place of a message that the client cannot unpack."""

    place: TopicPartition
    why: KafkaError

    def topic(self) -> str:
        return self.place.topic

    def partition(self) -> int:
        return self.place.partition

    def offset(self) -> int:
        return self.place.offset

    def error(self) -> KafkaError:
        return self.why

    def key(self) -> None:
        return None

    def value(self) -> None:
        return None

    def headers(self) -> None:
        return None

    def timestamp(self) -> tuple[int, int]:
        return TIMESTAMP_NOT_AVAILABLE, -1


def is_packed(message: Message) -> bool:
    """Whether the client could not unpack what stands here: it unpacks to more than it takes, or not at all."""
    error = message.error()
    return error is not None and error.code() == KafkaError._BAD_COMPRESSION


def stepped_over(consumer: Positioned, news: Message, reached: int = 0) -> Message:
    """Let a consumer go on behind a message that it cannot unpack, and return what stands in the message's place.

    news: what the consumer reported of it: where the batch of records begins that the message is in. reached: an offset
    that is known to have been reached. Each message of the batch is met by itself.
    """
    topic, number = partition(news)
    here = max(reached, int(news.offset() or 0))
    consumer.seek(TopicPartition(topic, number, here + 1))
    return cast("Message", _Packed(TopicPartition(topic, number, here), cast("KafkaError", news.error())))


def reached(consumer: Positioned, at: Partition) -> int:
    """The offset that a consumer, which commits what it has dealt with, has reached in a partition."""
    asked = [TopicPartition(*at)]
    found = consumer.position(asked) + consumer.committed(asked, timeout=TIMEOUT_SECONDS)
    return max(0, *(each.offset for each in found))


def key(message: Message) -> bytes | None:
    return as_bytes(message.key())


def value(message: Message) -> bytes | None:
    return as_bytes(message.value())


def received_at(message: Message) -> datetime | None:
    """When a message was received, or made where the topic lets its producers say; None: no moment that can be."""
    kind, millis = message.timestamp()
    if kind == TIMESTAMP_NOT_AVAILABLE or millis < 0:
        return None
    try:
        return from_millis(millis)
    except OverflowError:
        return None


def received_by_broker(message: Message) -> datetime | None:
    """When the broker received a message, by its own clock; None: only its producer said when that was."""
    return received_at(message) if message.timestamp()[0] == TIMESTAMP_LOG_APPEND_TIME else None


def as_bytes(raw: str | bytes | None) -> bytes | None:
    return raw.encode(errors="surrogateescape") if isinstance(raw, str) else raw


def record_of(event: EventT, message: Message, received_at: datetime) -> Record[EventT]:
    """The record of an event that was found in a message."""
    topic, number = partition(message)
    return Record(event, topic, number, int(message.offset() or 0), received_at)
