"""Events as they stand in the log, and batches of them, as handlers take them. Pure."""

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from streaming.partitioner import Partition, log_position

if TYPE_CHECKING:
    # Brings numpy along, which only workers need that read in columns.
    from streaming.columns import Orders

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
    """What a handler takes: records in order within each partition, and what was read in columns beside them."""

    records: Sequence[Record[EventT]]
    orders: "Orders | None" = None
    """none of which is among the records; None: this worker reads nothing in columns, or there was nothing for it"""

    def __len__(self) -> int:
        return len(self.records) + (len(self.orders) if self.orders else 0)

    @property
    def events(self) -> list[EventT]:
        return [record.event for record in self.records]

    def row_by_row(self) -> "Batch[EventT]":
        """The same, with the orders among the records."""
        return Batch([*self.records, *(records_of(self.orders) if self.orders else ())])

    @property
    def by_topic(self) -> dict[str, int]:
        """How many events of each topic it has."""
        counts = Counter(record.topic for record in self.records)
        if self.orders:
            counts[self.orders.topic] += len(self.orders)
        return counts

    @cached_property
    def next_offsets(self) -> dict[Partition, int]:
        """For each (topic, partition), the offset after the last record of the batch."""
        ends = {(record.topic, record.partition): record.offset + 1 for record in self.records}
        for where, end in self.orders.next_offsets.items() if self.orders else ():
            ends[where] = max(end, ends.get(where, 0))
        return ends

    def without(self, places: Sequence[int]) -> "Batch[EventT]":
        """All but those in these places, which count the records, and the orders behind them."""
        out = set(places)
        records = [each for place, each in enumerate(self.records) if place not in out]
        orders = self.orders and self.orders.without(
            [each - len(self.records) for each in out if each >= len(self.records)]
        )
        return Batch(records, orders)

    def beginning_at(self, offsets: Mapping[Partition, int]) -> "Batch[EventT]":
        """What stands at these offsets of its partitions, or behind them."""
        records = [each for each in self.records if each.offset >= offsets[each.topic, each.partition]]
        return Batch(records, self.orders and self.orders.beginning_at(offsets))


def records_of(orders: "Orders") -> list[Record[Any]]:
    """The same as decode() makes of the orders' messages."""
    return [Record(event, orders.topic, partition, offset, at) for event, partition, offset, at in orders.rows()]


def set_apart(
    records: Sequence[Record[Any]], orders: "Orders", known: Container[str]
) -> tuple[Sequence[Record[Any]], "Orders"]:
    """Records, with those of the orders among them that are known or that anything else of these is about; the others.

    known: ids of orders. Records come in the order of their topics, then of their offsets, if orders are among them.
    """
    order_ids = orders.order_ids()
    mentions = Counter(order_ids)
    mentions.update({record.event.order_id for record in records})
    apart = [place for place, each in enumerate(order_ids) if mentions[each] > 1 or each in known]
    if not apart:
        return records, orders
    told = [*records, *records_of(orders.at(apart))]
    return sorted(told, key=attrgetter("topic", "offset")), orders.without(apart)


def without(batch: Batch[EventT], refused: Sequence[tuple[Record[Any], str]]) -> Batch[EventT]:
    """The batch but for what was refused."""
    out = {id(record) for record, _ in refused}
    return replace(batch, records=[each for each in batch.records if id(each) not in out]) if out else batch
