from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from transactions.models import Transaction


def transactions_of(user_id: int | None) -> QuerySet[Transaction]:
    """The transactions of one user, or of all for None."""
    return Transaction.objects.all() if user_id is None else Transaction.objects.filter(user_id=user_id)


def newest(limit: int) -> list[dict[str, Any]]:
    """The transactions recorded last, newest first, as the live page shows them."""
    rows = Transaction.objects.order_by("-pk")[:limit]
    return [
        {
            "order_id": row.order_id,
            "user_id": row.user_id,
            "amount": str(row.amount),
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


def rows_by_order_id(order_ids: Iterable[str]) -> dict[str, Transaction]:
    """The rows of these orders, by order id; those that are not recorded are left out."""
    return {row.order_id: row for row in Transaction.objects.filter(order_id__in=list(order_ids))}


def happened_between(begin: datetime, end: datetime) -> QuerySet[Transaction]:
    """The transactions that happened from a moment on and before another."""
    return Transaction.objects.filter(timestamp__gte=begin, timestamp__lt=end)


def first_recorded() -> datetime | None:
    """When the oldest row was recorded."""
    return Transaction.objects.order_by("pk").values_list("recorded_at", flat=True).first()
