"""From the topic to the table: the first telling of an order is its record, later ones are settled with it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

import events
from database.inserting import insert_rows
from database.portions import rows_among
from database.values import stored
from events import ChangedStatus, Correction, Status, TransactionCorrected, TransactionStatusChanged
from events.money import from_cents, to_cents
from events.time import from_millis
from streaming.producing import outbox
from streaming.records import Record, records_of
from streaming.topics import Event
from transactions import refunds
from transactions.locking import locked
from transactions.models import CorrectedTelling, Kind, Misattribution, Transaction
from transactions.tellings import Kind as Meant
from transactions.tellings import Known, Place, corrections, entry_of, meaning_of

if TYPE_CHECKING:
    from streaming.columns import Orders

Telling = Record[events.Transaction]
Contradiction = tuple[Record[Any], str]
"""a telling, and how it contradicts what is recorded"""


@transaction.atomic
def record(*, received: Sequence[Telling], orders: "Orders | None" = None) -> list[Contradiction]:
    """Record new orders, move on those that came again with a status that follows, and publish what comes of it.

    received: in order within each user. orders: what was told in columns beside that. Returns the tellings that
    contradict the record; what stages that count must know of them stands in the outbox. Whatever is received a second
    time changes nothing, and is judged as before. Raises IntegrityError if somebody else recorded one of the orders
    meanwhile: all of it is to be done again.
    """
    if orders is not None:
        received, orders = _set_apart(received, orders)
    order_ids = {each.event.order_id for each in received}
    rows = locked(order_ids)
    settlement = Settlement(rows[order_id] for order_id in rows.keys() & order_ids)
    for each in received:
        settlement.take(each)
    settlement.write()
    if orders is not None:
        insert_columns(orders)
    return settlement.contradictions


def _set_apart(received: Sequence[Telling], orders: "Orders") -> tuple[list[Telling], "Orders"]:
    """All tellings that have to be settled one by one, in the order of offsets, and the orders told of but once."""
    order_ids = orders.order_ids()
    told = Counter(order_ids) + Counter({each.event.order_id for each in received})
    recorded = set(rows_among(Transaction.objects.values_list("order_id", flat=True), "order_id", order_ids))
    again = [place for place, each in enumerate(order_ids) if told[each] > 1 or each in recorded]
    if not again and not received:
        return [], orders
    tellings = [*received, *records_of(orders.at(again))]
    return sorted(tellings, key=attrgetter("offset")), orders.without(again)


class Settlement:
    """Takes tellings one by one and keeps what is to be written of them."""

    def __init__(self, rows: Iterable[Transaction]) -> None:
        self._rows = {row.order_id: row for row in rows}
        self._misattributed = _misattributed(self._rows)
        self._new: dict[str, Transaction] = {}
        self._noted: dict[tuple[str, int], Transaction | Misattribution] = {}
        self._moved: dict[str, Transaction] = {}
        self._events: list[Event] = []
        self.contradictions: list[Contradiction] = []

    def take(self, telling: Telling) -> None:
        event, place = telling.event, Place(telling.offset, telling.received_at)
        row = self._rows.get(event.order_id)
        if row is None:
            row = self._rows[event.order_id] = self._new[event.order_id] = as_row(event)
            _note_place(row, place)
            return
        known = known_of(row)
        noted = self._place_of(event, row)
        meaning, last = meaning_of(event, known), _place(noted)
        if meaning.kind is Meant.CONTRADICTION:
            self.contradictions.append((telling, meaning.why))
        if place.is_dealt_with(last):
            return
        self._correct(telling, known, corrections(event, place, known, last, settings.SEEN_EVENTS_PER_PARTITION))
        if meaning.kind is Meant.CHANGE:
            self._move(row, telling)
        _note_place(noted, place)

    def write(self) -> None:
        now = timezone.now()
        for row in self._moved.values():
            row.updated_at = now
        insert(self._new.values())
        noted = [row for row in self._noted.values() if isinstance(row, Transaction) and row.order_id not in self._new]
        Transaction.objects.bulk_update(noted, ["told_offset", "told_at"], batch_size=100)
        moved = [row for order_id, row in self._moved.items() if order_id not in self._new]
        Transaction.objects.bulk_update(moved, ["status", "updated_at"], batch_size=100)
        for each in self._noted.values():
            if isinstance(each, Misattribution):
                each.save()
        CorrectedTelling.objects.bulk_create(
            as_corrected(event) for event in self._events if isinstance(event, TransactionCorrected)
        )
        outbox.enqueue(self._events)
        # What becomes of an order is told after the refunds that made it so.
        refunds.decided_elsewhere(moved)

    def _place_of(self, event: events.Transaction, row: Transaction) -> "Transaction | Misattribution":
        """What keeps where the partition of the telling's user mentioned the order last."""
        key = (event.order_id, event.user_id)
        if event.user_id == row.user_id:
            self._noted[key] = row
        else:
            known = self._noted.get(key) or self._misattributed.get(key)
            self._noted[key] = known or Misattribution(order_id=event.order_id, user_id=event.user_id)
        return self._noted[key]

    def _correct(self, telling: Telling, known: Known, wanted: Iterable[Correction]) -> None:
        for correction in wanted:
            order_id = telling.event.order_id
            corrected = entry_of(order_id, known) if correction is Correction.COUNTED else telling.event
            self._events.append(
                TransactionCorrected(
                    corrected.order_id,
                    corrected.user_id,
                    corrected.amount,
                    corrected.status,
                    corrected.timestamp,
                    correction,
                    telling.stands_at,
                )
            )

    def _move(self, row: Transaction, telling: Telling) -> None:
        previous, row.status = ChangedStatus(row.status), ChangedStatus(telling.event.status)
        self._moved[row.order_id] = row
        # The order's own time is that of the order; when it changed, the broker's clock says.
        self._events.append(
            TransactionStatusChanged(
                row.order_id, row.user_id, float(row.amount), previous, ChangedStatus(row.status), telling.received_at
            )
        )


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
    "refund_of",
    "told_offset",
    "told_at",
)
OF_ORDERS = COLUMNS[:9]
"""what an order of the API has; the rest is empty"""


def insert(rows: Iterable[Transaction]) -> None:
    """Insert rows that are new; raises IntegrityError if one of their order ids is there already. They get no `id`."""
    now = stored(timezone.now())
    insert_rows(Transaction, COLUMNS, [_values(row, now) for row in rows])


def insert_columns(orders: "Orders") -> None:
    """Insert what topics told of for the first time; raises IntegrityError as insert() does."""
    now, moments = stored(timezone.now()), _Moments()
    columns = (orders.user_id, orders.cents, orders.status, orders.millis, orders.offset, orders.received)
    rows = zip(orders.order_ids(), *(column.tolist() for column in columns), strict=True)
    insert_rows(
        Transaction,
        COLUMNS,
        [
            (
                order_id,
                user_id,
                str(from_cents(cents)),
                STATUSES[status],
                STATUSES[status],
                moments[millis],
                KINDS[cents < 0],
                now,
                now,
                None,
                offset,
                moments[received],
            )
            for order_id, user_id, cents, status, millis, offset, received in rows
        ],
    )


class _Moments(dict[int, str]):
    """Milliseconds since 1970 → the moment as it is stored; many records of a batch were received at the same one."""

    def __missing__(self, millis: int) -> str:
        self[millis] = text = stored(from_millis(millis))
        return text


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
        row.refund_of,
        row.told_offset,
        stored(row.told_at) if row.told_at else None,
    )


def _values_of(order: events.Transaction, now: str) -> tuple[Any, ...]:
    status, amount, kind = str(order.status), str(from_cents(order.cents)), str(kind_of(order))
    return (order.order_id, order.user_id, amount, status, status, stored(order.timestamp), kind, now, now)


def kind_of(event: events.Transaction) -> Kind:
    return Kind.REFUND if event.cents < 0 else Kind.ORDER


def as_corrected(event: TransactionCorrected) -> CorrectedTelling:
    return CorrectedTelling(
        origin=event.origin,
        correction=event.correction,
        order_id=event.order_id,
        user_id=event.user_id,
        amount=from_cents(event.cents),
        status=event.status,
        timestamp=event.timestamp,
    )


KNOWN = ("user_id", "amount", "timestamp", "status", "entered_as", "told_offset", "told_at")


def known_of(row: Any) -> Known:
    """What a row says of its order; row: has the columns KNOWN."""
    return Known(
        row.user_id,
        to_cents(row.amount),
        row.timestamp,
        ChangedStatus(row.status),
        Status(row.entered_as) if row.entered_as else None,
        _place(row),
    )


def _misattributed(rows: Iterable[str]) -> dict[tuple[str, int], Misattribution]:
    found = rows_among(Misattribution.objects.all(), "order_id", rows)
    return {(each.order_id, each.user_id): each for each in found}


def _place(noted: Any) -> Place | None:
    if noted.told_offset is None or noted.told_at is None:
        return None
    return Place(noted.told_offset, noted.told_at)


def _note_place(noted: "Transaction | Misattribution", place: Place) -> None:
    noted.told_offset, noted.told_at = place.offset, place.at
