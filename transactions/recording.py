"""From the topic to the table: the first telling of an order is its record, later ones are settled with it."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

import events
from database.portions import rows_among
from events import ChangedStatus, Correction, TransactionCorrected, TransactionStatusChanged
from events.money import from_cents
from streaming.producing import outbox
from streaming.records import Record, set_apart
from streaming.topics import Event
from transactions import refunds, selectors
from transactions.locking import locked
from transactions.models import CorrectedTelling, Misattribution, Transaction
from transactions.rows import as_row, insert, insert_columns, known_of, place_of
from transactions.tellings import Kind as Meant
from transactions.tellings import Known, Place, corrections, entry_of, meaning_of

if TYPE_CHECKING:
    from streaming.columns import Orders

Telling = Record[events.Transaction]
Contradiction = tuple[Record[Any], str]
"""a telling, and how it contradicts what is recorded"""


@transaction.atomic
def record(
    *, received: Sequence[Telling], orders: "Orders | None" = None, are_new: bool = False
) -> list[Contradiction]:
    """Record new orders, move on those that came again with a status that follows, and publish what comes of it.

    received: in order within each user. orders: what was told in columns beside that. are_new: none of these is taken
    to be recorded, so nobody looks, which costs as much as a third of writing them. Returns the tellings that
    contradict the record; what stages that count must know of them stands in the outbox. Whatever is received a second
    time changes nothing, and is judged as before. Raises IntegrityError if one of the orders was taken to be new and is
    recorded, or if somebody else recorded it meanwhile: all of it is to be done again.
    """
    if orders is not None:
        known = set() if are_new else selectors.recorded_of(orders.order_ids())
        received, orders = set_apart(received, orders, known)
    order_ids = {each.event.order_id for each in received}
    rows = locked(order_ids)
    settlement = Settlement(rows[order_id] for order_id in rows.keys() & order_ids)
    for each in received:
        settlement.take(each)
    settlement.write()
    if orders is not None:
        insert_columns(orders)
    return settlement.contradictions


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
        meaning, last = meaning_of(event, known), place_of(noted)
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


def _misattributed(rows: Iterable[str]) -> dict[tuple[str, int], Misattribution]:
    found = rows_among(Misattribution.objects.all(), "order_id", rows)
    return {(each.order_id, each.user_id): each for each in found}


def _note_place(noted: "Transaction | Misattribution", place: Place) -> None:
    noted.told_offset, noted.told_at = place.offset, place.at
