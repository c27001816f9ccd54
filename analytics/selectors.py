"""What is read from the table of hourly totals."""

from collections.abc import Iterable, Iterator
from dataclasses import fields
from datetime import datetime
from typing import Any

from django.db.models import Sum

from analytics.models import HourlyTotal
from analytics.windows import Sums, UserHour
from events.money import from_cents

Hour = tuple[datetime, Sums]
"""The beginning of an hour (UTC), and what it adds up to."""

SUMS = [field.name for field in fields(Sums)]


def hours_of_user(*, user_id: int, begin: datetime | None, end: datetime | None, limit: int) -> list[Hour]:
    """A user's first hours, up to `limit`, that start from `begin` on and before `end`; None leaves that end open."""
    hours = HourlyTotal.objects.filter(user_id=user_id)
    if begin is not None:
        hours = hours.filter(hour__gte=begin)
    if end is not None:
        hours = hours.filter(hour__lt=end)
    rows = hours.order_by("hour").values_list("hour", *SUMS)[:limit]
    return [(hour, Sums(*sums)) for hour, *sums in rows]


PAGE = 5000
"""Rows read at a time: MySQL's driver holds whole answers in memory."""


def all_totals(*, since: datetime | None) -> Iterator[tuple[UserHour, Sums]]:
    """Every stored total of the hours from a moment on, or of all, page by page."""
    rows = HourlyTotal.objects.order_by("pk")
    if since is not None:
        rows = rows.filter(hour__gte=since)
    last = 0
    while page := list(rows.filter(pk__gt=last).values_list("pk", "user_id", "hour", *SUMS)[:PAGE]):
        yield from (((user_id, hour), Sums(*sums)) for _, user_id, hour, *sums in page)
        last = page[-1][0]


def totals_of(hours: Iterable[datetime]) -> dict[UserHour, Sums]:
    """What is stored of each user in these hours."""
    return {
        (user_id, hour): Sums(*sums)
        for each in hours
        for user_id, hour, *sums in HourlyTotal.objects.filter(hour=each).values_list("user_id", "hour", *SUMS)
    }


def latest_hours(hours: int) -> list[dict[str, Any]]:
    """What all users' transactions come to in each of the newest hours that have any, ascending.

    Hours without any are passed over, however long ago the others are: history may know no more than days.
    """
    newest = list(HourlyTotal.objects.order_by("-hour").values_list("hour", flat=True).distinct()[:hours])
    if not newest:
        return []
    # Both questions are answered from the index on `hour`: its last entries, and the stretch that they cover.
    since = HourlyTotal.objects.filter(hour__gte=newest[-1]).order_by("hour")
    rows = since.values_list("hour").annotate(*(Sum(name) for name in SUMS))
    return [{"hour": hour} | amounts(Sums(*sums)) for hour, *sums in rows]


def amounts(sums: Sums) -> dict[str, Any]:
    """Sums as everyone but us reads them: amounts of money instead of cents."""
    return {
        "total_amount": from_cents(sums.total_cents),
        "transaction_count": sums.transaction_count,
        "settled_amount": from_cents(sums.settled_cents),
        "failed_amount": from_cents(sums.failed_cents),
        "refunded_amount": from_cents(sums.refunded_cents),
    }
