"""What the worker's loop reads, hands on and buries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar, Generic, TypeVar

from confluent_kafka import Message

from streaming.message_fields import partition
from streaming.partitioner import Partition, log_position

EventT = TypeVar("EventT")


class InvalidMessage(ValueError):
    """This message can never be processed, however often it is tried; says why."""

    kind: ClassVar[str] = "unreadable"
    """the class of reasons under which its burial is counted"""


class ImplausibleMessage(InvalidMessage):
    """This message can be read, and what it states cannot be true."""

    kind = "implausible"


class InvalidRecords(ValueError):
    """A handler has done its work but for these records, which can never be processed; says why of each."""

    def __init__(self, reasons: "Sequence[tuple[Record[Any], str]]") -> None:
        super().__init__(f"{len(reasons)} records cannot be processed, the first one since: {reasons[0][1]}")
        self.reasons = reasons


REFUSED = "refused"


KINDS = (InvalidMessage.kind, ImplausibleMessage.kind, REFUSED)
"""Why messages are buried: they cannot be read, cannot be true, or the handler refuses them."""


@dataclass(frozen=True, slots=True)
class Record(Generic[EventT]):
    """An event, where it stands in the log, and when the broker received it."""

    event: EventT
    topic: str
    partition: int
    offset: int
    received_at: datetime

    @classmethod
    def of(cls, event: EventT, message: Message, received_at: datetime) -> "Record[EventT]":
        """The record of an event that was found in a message."""
        topic, number = partition(message)
        return cls(event, topic, number, int(message.offset() or 0), received_at)

    @property
    def stands_at(self) -> str:
        """In words: topic[partition]@offset."""
        return log_position(self.topic, self.partition, self.offset)


@dataclass(frozen=True)
class Batch(Generic[EventT]):
    """What a handler takes: records in order within each partition."""

    records: Sequence[Record[EventT]]

    @property
    def events(self) -> list[EventT]:
        return [record.event for record in self.records]

    @cached_property
    def next_offsets(self) -> dict[Partition, int]:
        """For each (topic, partition), the offset after the last record of the batch."""
        return {(record.topic, record.partition): record.offset + 1 for record in self.records}


def without(batch: Batch[EventT], refused: Sequence[tuple[Record[Any], str]]) -> Batch[EventT]:
    """The batch but for what was refused."""
    out = {id(record) for record, _ in refused}
    return Batch([record for record in batch.records if id(record) not in out]) if out else batch


@dataclass(frozen=True, slots=True)
class Buried:
    """A message that cannot be processed, and the reason."""

    message: Message
    reason: str
    kind: str = InvalidMessage.kind
    """the class of reasons, one of KINDS"""


@dataclass(frozen=True, slots=True)
class Progress:
    """A batch that has been dealt with and committed."""

    size: int
    """how many messages it had"""
    records: Sequence[Record[Any]]
    """what the handler was given"""
    buried: Sequence[Buried]
    last: Mapping[Partition, Message]
    """the last message of each (topic, partition)"""
    seconds: float
    """from the batch's arrival to its commit"""
