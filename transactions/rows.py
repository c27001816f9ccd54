"""Orders and refunds as rows of the table: what is inserted, and what a row says of its order."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils import timezone

import events
from database.inserting import insert_rows
from database.values import stored
from events import ChangedStatus, Status
from events.money import from_cents, to_cents, written
from transactions.models import Kind, Transaction
from transactions.tellings import Known, Place

if TYPE_CHECKING:
    from streaming.columns import Ints, Orders


def as_row(event: events.Transaction) -> Transaction:
    return Transaction(
        order_id=event.order_id,
        user_id=event.user_id,
        amount=from_cents(event.cents),
        status=event.status,
        entered_as=event.status,
        timestamp=event.timestamp,
        kind=kind_of(event),
    )


STATUSES = [str(status) for status in Status]
KINDS = [str(Kind.ORDER), str(Kind.REFUND)]
"""of amounts that are not negative, and that are"""
COLUMNS = (
    "order_id",
    "user_id",
    "amount",
    "status",
    "entered_as",
    "timestamp",
    "kind",
    "recorded_at",
    "updated_at",
    "told_offset",
    "told_at",
    "refund_of",
)
OF_ORDERS = COLUMNS[:9]
"""what an order of the API has; the rest is empty"""
OF_TOLD = COLUMNS[:11]
"""what an order has that a topic told of"""


def insert(rows: Iterable[Transaction]) -> None:
    """Insert rows that are new; raises IntegrityError if one of their order ids is there already. They get no `id`."""
    now = stored(timezone.now())
    insert_rows(Transaction, COLUMNS, [_values(row, now) for row in rows])


def insert_columns(orders: "Orders") -> None:
    """Insert what topics told of for the first time; raises IntegrityError as insert() does."""
    now = stored(timezone.now())
    numbers = (column.tolist() for column in (orders.user_id, orders.cents, orders.status, orders.offset))
    rows = zip(orders.order_ids(), *numbers, *map(_all_stored, (orders.millis, orders.received)), strict=True)
    insert_rows(
        Transaction,
        OF_TOLD,
        [
            (
                order_id,
                user_id,
                written(cents),
                STATUSES[status],
                STATUSES[status],
                happened,
                KINDS[cents < 0],
                now,
                now,
                offset,
                received,
            )
            for order_id, user_id, cents, status, offset, happened, received in rows
        ],
    )


def _all_stored(millis: "Ints") -> list[str]:
    """Each of these milliseconds since 1970 as stored() has the moment, in a sixth of the time."""
    texts = millis.astype("M8[ms]").astype("M8[us]").astype(str).tolist()
    return [text.replace("T", " ").removesuffix(".000000") for text in texts]


def insert_orders(orders: Iterable[events.Transaction]) -> datetime:
    """Insert orders that no topic has told of yet, and return when; raises IntegrityError as insert() does."""
    recorded_at = timezone.now()
    now = stored(recorded_at)
    insert_rows(Transaction, OF_ORDERS, [_values_of(order, now) for order in orders])
    return recorded_at


def _values(row: Transaction, now: str) -> tuple[Any, ...]:
    return (
        row.order_id,
        row.user_id,
        str(row.amount),
        str(row.status),
        None if row.entered_as is None else str(row.entered_as),
        stored(row.timestamp),
        str(row.kind),
        now,
        now,
        row.told_offset,
        stored(row.told_at) if row.told_at else None,
        row.refund_of,
    )


def _values_of(order: events.Transaction, now: str) -> tuple[Any, ...]:
    status, amount, kind = str(order.status), written(order.cents), str(kind_of(order))
    return (order.order_id, order.user_id, amount, status, status, stored(order.timestamp), kind, now, now)


def kind_of(event: events.Transaction) -> Kind:
    return Kind.REFUND if event.cents < 0 else Kind.ORDER


KNOWN = ("user_id", "amount", "timestamp", "status", "entered_as", "told_offset", "told_at")


def known_of(row: Any) -> Known:
    """What a row says of its order; row: has the columns KNOWN."""
    return Known(
        row.user_id,
        to_cents(row.amount),
        row.timestamp,
        ChangedStatus(row.status),
        Status(row.entered_as) if row.entered_as else None,
        place_of(row),
    )


def place_of(noted: Any) -> Place | None:
    if noted.told_offset is None or noted.told_at is None:
        return None
    return Place(noted.told_offset, noted.told_at)
