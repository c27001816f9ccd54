"""Events as they stand in the log, and batches of them, as handlers take them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Generic, TypeVar

from streaming.partitioner import Partition, log_position

EventT = TypeVar("EventT")


@dataclass(frozen=True, slots=True)
class Record(Generic[EventT]):
    """An event, where it stands in the log, and when the broker received it."""

    event: EventT
    topic: str
    partition: int
    offset: int
    received_at: datetime

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
