from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from database.portions import rows_among, values_among
from database.prepared import PreparedQuery
from events import Status, TransactionCorrected, TransactionStatusChanged
from events.money import shown, to_cents
from events.time import in_millis
from streaming.records import Record
from transactions import answers
from transactions.models import CorrectedTelling, RefundReason, Transaction
from transactions.rows import KNOWN, known_of
from transactions.tellings import Known, why_implausible

ENTRIES = {status.value: index for index, status in enumerate(Status)}


def transactions_of(user_id: int | None) -> QuerySet[Transaction]:
    """The transactions of one user, or of all for None."""
    return Transaction.objects.all() if user_id is None else Transaction.objects.filter(user_id=user_id)


_one = PreparedQuery(lambda order_id: Transaction.objects.filter(order_id=order_id).values_list(*answers.FIELDS))


def one(order_id: str) -> dict[str, Any] | None:
    """A transaction as it is answered, or None if there is none of this order id."""
    rows = _one.rows(order_id)
    return answers.of_columns(dict(zip(answers.FIELDS, rows[0], strict=True))) if rows else None


def reasons_of(refunds: Collection[str]) -> dict[str, RefundReason]:
    """Why these refunds were made, by their order ids, as far as somebody said."""
    return RefundReason.objects.in_bulk(refunds) if refunds else {}


def newest(limit: int) -> list[dict[str, Any]]:
    """The transactions recorded last, newest first, as the live page shows them."""
    rows = Transaction.objects.order_by("-pk")[:limit]
    return [
        {
            "order_id": row.order_id,
            "user_id": row.user_id,
            "amount": str(shown(row.amount)),
            "kind": row.kind,
            "status": row.status,
            "timestamp": row.timestamp,
            "recorded_at": row.recorded_at,
        }
        for row in rows
    ]


PAGE = 5000
"""Rows read at a time: MySQL's driver holds whole answers in memory."""


def all_rows(*, recorded_since: datetime | None, recorded_before: datetime) -> Iterator[Transaction]:
    """Every row recorded in a stretch of time, page by page."""
    rows = Transaction.objects.filter(recorded_at__lt=recorded_before).order_by("pk")
    if recorded_since is not None:
        rows = rows.filter(recorded_at__gte=recorded_since)
    last = 0
    while page := list(rows.filter(pk__gt=last)[:PAGE]):
        yield from page
        last = page[-1].pk


def all_rows_by_order_id() -> Iterator[Transaction]:
    """Every row, in the order of their order ids' code points, page by page."""
    rows, last = Transaction.objects.order_by("order_id"), ""
    while page := list(rows.filter(order_id__gt=last)[:PAGE]):
        yield from page
        last = page[-1].order_id


def recorded_of(order_ids: Iterable[str]) -> set[str]:
    """Those of these order ids under which something is recorded."""
    rows = Transaction.objects.values_list("order_id")
    return {order_id for (order_id,) in values_among(rows, "order_id", order_ids)}


def entries_of(order_ids: Iterable[str]) -> Iterator[tuple[str, int, int, int | None, int]]:
    """Of those of these orders that are recorded: id, user, cents, status at first, and milliseconds since 1970.

    The status as columns.STATUSES counts them; None: it was not kept.
    """
    rows = Transaction.objects.values_list("order_id", "user_id", "amount", "entered_as", "timestamp")
    for order_id, user_id, amount, entered_as, timestamp in values_among(rows, "order_id", order_ids):
        yield order_id, user_id, to_cents(amount), ENTRIES.get(entered_as), in_millis(timestamp)


def rows_by_order_id(order_ids: Iterable[str]) -> dict[str, Transaction]:
    """The rows of these orders, by order id; those that are not recorded are left out."""
    return {row.order_id: row for row in rows_among(Transaction.objects.all(), "order_id", order_ids)}


def known(order_ids: Iterable[str]) -> dict[str, Known]:
    """What is recorded of these orders, by order id; those that are not recorded are left out."""
    # Without a model's instance for each: every batch of the notifier asks.
    rows = Transaction.objects.values_list("order_id", *KNOWN, named=True)
    return {row.order_id: known_of(row) for row in rows_among(rows, "order_id", order_ids)}


def corrections_since(moment: datetime | None) -> QuerySet[CorrectedTelling]:
    """What was corrected since a moment, or ever."""
    rows = CorrectedTelling.objects.all()
    return rows if moment is None else rows.filter(corrected_at__gte=moment)


def implausible(records: Iterable[Record[Any]]) -> list[tuple[Record[Any], str]]:
    """The changes of status and the corrections among these records that the platform has not published; with reasons.

    It writes them in the transaction in which it changes the table, so the table shows which are its own.
    """
    records = list(records)
    changes = [record for record in records if isinstance(record.event, TransactionStatusChanged)]
    corrections = [record for record in records if isinstance(record.event, TransactionCorrected)]
    return [*_implausible_changes(changes), *_unknown_corrections(corrections)]


def _implausible_changes(records: list[Record[TransactionStatusChanged]]) -> Iterator[tuple[Record[Any], str]]:
    recorded = known({record.event.order_id for record in records}) if records else {}
    for record in records:
        if reason := why_implausible(record.event, recorded.get(record.event.order_id)):
            yield record, reason


def _unknown_corrections(records: list[Record[TransactionCorrected]]) -> Iterator[tuple[Record[Any], str]]:
    origins = {record.event.origin for record in records}
    own = {_mark(row) for row in rows_among(CorrectedTelling.objects.all(), "origin", origins)}
    for record in records:
        if _mark(record.event) not in own:
            yield record, f"nothing that stands at {record.event.origin} was corrected like this"


def _mark(each: TransactionCorrected | CorrectedTelling) -> tuple[Any, ...]:
    cents, millis = to_cents(each.amount), in_millis(each.timestamp)
    return each.origin, each.correction, each.order_id, each.user_id, cents, each.status, millis


def happened_between(begin: datetime, end: datetime) -> QuerySet[Transaction]:
    """The transactions that happened from a moment on and before another."""
    return Transaction.objects.filter(timestamp__gte=begin, timestamp__lt=end)


def first_recorded() -> datetime | None:
    """When the oldest row was recorded."""
    return Transaction.objects.order_by("pk").values_list("recorded_at", flat=True).first()
