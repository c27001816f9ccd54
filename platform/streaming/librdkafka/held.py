"""Messages that librdkafka has given out: as columns, or as objects of Python's."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from confluent_kafka import KafkaError

from streaming.librdkafka import unloading
from streaming.librdkafka.functions import FFI, library, octets, text
from streaming.librdkafka.unloading import Addresses, Columns

MOST_PARTITIONS = 1024
"""Who has messages of more at once is given objects."""


@dataclass(slots=True)
class Delivery:
    """A message; it says what confluent_kafka.Message does."""

    _topic: str
    _partition: int
    _offset: int
    _key: bytes | None
    _value: bytes | None
    _timestamp: tuple[int, int]
    _headers: list[tuple[bytes, bytes | None]] | None = None
    _error: KafkaError | None = None

    def __len__(self) -> int:
        return len(self._value or b"")

    def topic(self) -> str:
        return self._topic

    def partition(self) -> int:
        return self._partition

    def offset(self) -> int:
        return self._offset

    def key(self) -> bytes | None:
        return self._key

    def value(self) -> bytes | None:
        return self._value

    def timestamp(self) -> tuple[int, int]:
        return self._timestamp

    def error(self) -> KafkaError | None:
        return self._error

    def headers(self) -> list[tuple[str, bytes | None]] | None:
        """Raises UnicodeDecodeError where a name is no UTF-8."""
        return None if self._headers is None else [(name.decode(), value) for name, value in self._headers]

    def set_headers(self, headers: Iterable[tuple[str, bytes | None]]) -> None:
        self._headers = [(name.encode(), value) for name, value in headers]


class Held:
    """Messages that librdkafka has given out and wants to have back, in the order in which they came."""

    def __init__(self, c: Any, addresses: Addresses) -> None:
        self._c = c
        self._addresses = addresses

    def __len__(self) -> int:
        return len(self._addresses)

    def __iadd__(self, more: "Held") -> "Held":
        """Take over what another holds."""
        self._addresses = np.concatenate([self._addresses, more._addresses])
        more._addresses = more._addresses[:0]
        return self

    def __del__(self) -> None:
        # librdkafka would wait for the messages when it is to end, however it came that they were let go.
        self.free()

    @property
    def octets(self) -> int:
        return int(unloading.octets_of(self._addresses))

    def free(self) -> None:
        """Give all back that was not yet."""
        left, self._addresses = self._addresses[self._addresses != 0], self._addresses[:0]
        for address in left.tolist():
            self._c.rd_kafka_message_destroy(_message(address))

    def deliveries(self) -> list[Delivery]:
        """All of them as objects; gives them back."""
        try:
            return [self._delivery(address) for address in self._addresses.tolist()]
        finally:
            self.free()

    def last(self) -> dict[tuple[str, int], Delivery] | None:
        """The last of each (topic, partition); None: there are errors among them, or too many partitions."""
        found = np.empty((MOST_PARTITIONS, 3), np.int64)
        if (count := unloading.survey(self._addresses, found)) < 0:
            return None
        ends = (self._delivery(address) for address in self._addresses[found[:count, 2]].tolist())
        return {(each.topic(), each.partition()): each for each in ends}

    def unloaded(self, topic: str, most: int) -> "Unloaded":
        """Those in columns that may be; gives all back. There must be no errors among them.

        topic: of which messages may be in columns, if their values have at most so many bytes.
        """
        try:
            found = np.zeros(self.octets, np.uint8)
            columns = np.empty((unloading.COLUMNS, len(self)), np.int64)
            taken = unloading.unload(
                self._addresses, self._called(topic), most, _functions(), np.zeros(1, np.int64), found, columns
            )
            left = np.flatnonzero(self._addresses)
            others = {place: self._delivery(int(self._addresses[place])) for place in left.tolist()}
        finally:
            self.free()
        return Unloaded(topic, found.tobytes(), columns[:, :taken], others)

    def _called(self, topic: str) -> Addresses:
        """The addresses of librdkafka's topics of that name."""
        found = np.empty((MOST_PARTITIONS, 3), np.int64)
        count = unloading.survey(self._addresses, found)
        addresses = np.unique(found[:count, 0])
        names = [text(self._c.rd_kafka_topic_name(FFI.cast("rd_kafka_topic_t *", each))) for each in addresses.tolist()]
        return addresses[[name == topic for name in names]]

    def _delivery(self, address: int) -> Delivery:
        message, kind = _message(address), FFI.new("int *")
        millis = self._c.rd_kafka_message_timestamp(message, kind)
        topic = "" if message.rkt == FFI.NULL else text(self._c.rd_kafka_topic_name(message.rkt))
        why = KafkaError(message.err, text(self._c.rd_kafka_message_errstr(message))) if message.err else None
        return Delivery(
            topic,
            message.partition,
            message.offset,
            octets(message.key, message.key_len),
            # Of an error it is its words.
            None if why else octets(message.payload, message.len),
            (kind[0], millis),
            self._headers(message),
            why,
        )

    def _headers(self, message: Any) -> list[tuple[bytes, bytes | None]] | None:
        headers = FFI.new("rd_kafka_headers_t **")
        if message.err or self._c.rd_kafka_message_headers(message, headers):
            return None
        found: list[tuple[bytes, bytes | None]] = []
        name, value, size = FFI.new("char **"), FFI.new("void **"), FFI.new("size_t *")
        while not self._c.rd_kafka_header_get_all(headers[0], len(found), name, value, size):
            found.append((FFI.string(name[0]), octets(value[0], size[0])))
        return found


@dataclass(frozen=True, slots=True)
class Unloaded:
    """Messages of one topic in columns, and others beside them.

    octets: their keys and values. columns: as unloading.unload() fills them. others: by their places among what came.
    """

    topic: str
    octets: bytes
    columns: Columns
    others: Mapping[int, Delivery]

    def _column(self, which: int) -> Columns:
        found: Columns = self.columns[which]
        return found

    @property
    def place(self) -> Columns:
        """Which of what came it was, counted from 0."""
        return self._column(unloading.PLACE)

    @property
    def partition(self) -> Columns:
        return self._column(unloading.NUMBER)

    @property
    def offset(self) -> Columns:
        return self._column(unloading.AT)

    @property
    def received(self) -> Columns:
        """In milliseconds since 1970; negative: not known."""
        return self._column(unloading.RECEIVED)

    @property
    def begins(self) -> Columns:
        """Where in `octets` each value begins."""
        return self._column(unloading.BEGIN)

    @property
    def ends(self) -> Columns:
        return self._column(unloading.END)

    def delivery(self, at: int) -> Delivery:
        """The one in this place of the columns."""
        _, number, offset, received, kind, key, begin, end = self.columns[:, at].tolist()
        return Delivery(
            self.topic,
            number,
            offset,
            None if key == unloading.NONE else self.octets[key:begin],
            self.octets[begin:end],
            (kind, received),
        )


@cache
def _functions() -> Addresses:
    names = ("rd_kafka_message_timestamp", "rd_kafka_message_headers", "rd_kafka_message_destroy")
    return np.array([int(FFI.cast("intptr_t", getattr(library(), name))) for name in names], np.int64)


def _message(address: int) -> Any:
    return FFI.cast("rd_kafka_message_t *", address)
