"""Changes of rows in MySQL, as Debezium publishes them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from confluent_kafka import Message

from streaming import clients, message_fields
from streaming.decoding import received_at
from streaming.messages import InvalidMessage
from streaming.records import Record

WRITES = {"c", "u", "r"}
"""create, update, read (a row of the snapshot)"""
DELETE = "d"
BITS_OF_POSITION = 40
"""for a place within a binlog file of at most a terabyte; what is left of 63 bits counts eight million files"""

BINLOG_NUMBER = re.compile(r"[0-9]{1,6}")
"""six digits in any name that MySQL makes; more would not fit"""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RowChange:
    """A row was written or deleted.

    row: the whole row as it is now; None: it is gone. version: grows with every change of a row, in MySQL's own order.
    """

    key: str
    row: Row | None
    version: int

    @property
    def identity(self) -> str:
        return f"{self.key} {self.version}"


def decode(message: Message, key: str) -> Record[RowChange]:
    """The change in a message; key: the column that names the row. Raises InvalidMessage."""
    received = received_at(message)
    envelope = clients.codec().decode_any(message_fields.value(message))
    return message_fields.record_of(row_change(envelope, key, int(message.offset() or 0)), message, received)


def row_change(envelope: Any, key: str, offset: int) -> RowChange:
    """The change in Debezium's envelope; offset: where Kafka has it."""
    if not isinstance(envelope, Mapping) or not {"op", "before", "after", "source"} <= set(envelope):
        raise InvalidMessage("the value is no change of a row by Debezium: op, before, after and source belong to it")
    op = envelope["op"]
    if not isinstance(op, str) or op not in WRITES | {DELETE}:
        raise InvalidMessage(f"op is {op!r}, and neither a row's write nor its deletion")
    row = envelope["before" if op == DELETE else "after"]
    name = row.get(key) if isinstance(row, Mapping) else None
    if not isinstance(name, str) or not name:
        raise InvalidMessage(f"the row has no {key}")
    return RowChange(name, None if op == DELETE else row, version(envelope["source"], offset))


def version(source: Any, offset: int) -> int:
    """A number that grows with every change: the number of the binlog's file, then the place in it.

    It stays the same however often a change is published, and grows on where a topic is made anew and Kafka counts from
    0 again. Only a MySQL that is set up anew counts from 1: then `manage.py rebuild_index` builds an index that knows
    nothing of the old count. Where a source names no place, Kafka's offset has to serve.
    """
    place = source if isinstance(source, Mapping) else {}
    number = str(place.get("file") or "").rpartition(".")[2]
    position = place.get("pos") or 0
    if (
        not BINLOG_NUMBER.fullmatch(number)
        or not isinstance(position, int)
        or not 0 <= position < 1 << BITS_OF_POSITION
    ):
        return offset
    return int(number) << BITS_OF_POSITION | position
