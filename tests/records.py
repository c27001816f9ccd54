"""Events as records of a topic, where a test needs no broker to have them."""

from datetime import UTC, datetime
from typing import Any, TypeVar

from events import ChangedStatus, Transaction
from streaming.records import Batch, Record
from streaming.topics import TOPICS, Event, Topic
from transactions.models import Transaction as Row
from transactions.rows import as_row

RECEIVED = datetime(2026, 11, 22, 15, tzinfo=UTC)
EventT = TypeVar("EventT", bound=Event)


def records(
    *events: EventT, first_offset: int = 0, partition: int = 0, at: datetime = RECEIVED
) -> list[Record[EventT]]:
    """The events at the offsets from the first one on, all received at one moment."""
    topics: dict[Any, Topic] = {**TOPICS}
    return [
        Record(event, topics[type(event)].value, partition, offset, at)
        for offset, event in enumerate(events, first_offset)
    ]


def batch(*events: EventT, **place: Any) -> Batch[EventT]:
    return Batch(records(*events, **place))


def recorded(order: Transaction, became: ChangedStatus | None = None) -> Row:
    """The row of an order, which later became something else."""
    row = as_row(order)
    row.status = became or order.status
    row.save()
    return row
