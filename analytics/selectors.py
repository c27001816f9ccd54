"""What is read from the table of hourly totals."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from django.db.models import Sum, Value

from analytics.models import HourlyTotal, ShopHour
from analytics.windows import NOTHING, SUMS, Sums, UserHour
from database.portions import portions, portions_of_table
from database.prepared import PreparedQuery
from events.money import shown_cents

Hour = tuple[datetime, Sums]
"""The beginning of an hour (UTC), and what it adds up to."""

HOURS_AT_ONCE = 100
"""Of all users, in one statement: with a thousand users it takes some tenths of a second."""


def hours_of_user(*, user_id: int, begin: datetime | None, end: datetime | None, limit: int) -> list[Hour]:
    """A user's first hours, up to `limit`, that start from `begin` on and before `end`; None leaves that end open."""
    if begin is None and end is None:
        return [(hour, Sums(*sums)) for hour, *sums in _all_hours(limit).rows(user_id)]
    hours = HourlyTotal.objects.filter(user_id=user_id)
    if begin is not None:
        hours = hours.filter(hour__gte=begin)
    if end is not None:
        hours = hours.filter(hour__lt=end)
    rows = hours.order_by("hour").values_list("hour", *SUMS)[:limit]
    return [(hour, Sums(*sums)) for hour, *sums in rows]


@cache
def _all_hours(limit: int) -> PreparedQuery:
    return PreparedQuery(
        lambda user_id: HourlyTotal.objects.filter(user_id=user_id).order_by("hour").values_list("hour", *SUMS)[:limit]
    )


PAGE = 5000
"""Rows read at a time: MySQL's driver holds whole answers in memory."""


def all_totals(*, since: datetime | None) -> Iterator[tuple[UserHour, Sums]]:
    """Every stored total of the hours from a moment on, or of all, page by page."""
    rows = HourlyTotal.objects.order_by("hour", "user_id").values_list("user_id", "hour", *SUMS)
    page = list((rows if since is None else rows.filter(hour__gte=since))[:PAGE])
    while page:
        yield from (((user_id, hour), Sums(*sums)) for user_id, hour, *sums in page)
        user_id, hour, *_ = page[-1]
        # One after the other: what asks for both at once, MySQL or SQLite would answer by reading all of the table.
        rest_of_hour = list(rows.filter(hour=hour, user_id__gt=user_id)[:PAGE])
        page = rest_of_hour or list(rows.filter(hour__gt=hour)[:PAGE])


def totals_of(hours: Iterable[datetime]) -> dict[UserHour, Sums]:
    """What is stored of each user in these hours."""
    return {
        (user_id, hour): Sums(*sums)
        for each in hours
        for user_id, hour, *sums in HourlyTotal.objects.filter(hour=each).values_list("user_id", "hour", *SUMS)
    }


def sums_by_hour() -> dict[datetime, Sums]:
    """What the stored totals of users come to in each hour, added up a portion of the table at a time."""
    hours: dict[datetime, Sums] = {}
    for rows in portions_of_table(HourlyTotal.objects.all(), by="hour"):
        for hour, *sums in rows.values_list("hour").annotate(*(Sum(name) for name in SUMS)):
            hours[hour] = hours.get(hour, NOTHING) + Sums(*sums)
    return hours


def shop_hours() -> dict[datetime, Sums]:
    """What is kept of the whole shop, of each hour."""
    return {hour: Sums(*sums) for hour, *sums in ShopHour.objects.values_list("hour", *SUMS)}


def missing_in_shop(hours: Iterable[datetime]) -> dict[datetime, Sums]:
    """What the users' totals come to beyond what is kept of the whole shop, in those of the hours where they differ.

    Both are read in one statement, so they are of one moment, whatever aggregators do meanwhile.
    """
    missing: dict[datetime, Sums] = {}
    for some in portions(sorted(hours), HOURS_AT_ONCE):
        users, shop = _of_users_and_shop(some)
        differing = {hour: users.get(hour, NOTHING) - shop.get(hour, NOTHING) for hour in some}
        missing |= {hour: sums for hour, sums in differing.items() if sums != NOTHING}
    return missing


def _of_users_and_shop(hours: Sequence[datetime]) -> tuple[dict[datetime, Sums], dict[datetime, Sums]]:
    kept = ShopHour.objects.filter(hour__in=hours).order_by().annotate(of=Value("shop"))
    users = HourlyTotal.objects.filter(hour__in=hours).order_by().values("hour").annotate(of=Value("users"))
    added = users.annotate(**{f"sum_of_{name}": Sum(name) for name in SUMS})
    summed = added.values_list("of", "hour", *(f"sum_of_{name}" for name in SUMS))
    found: dict[str, dict[datetime, Sums]] = {"users": {}, "shop": {}}
    for of, hour, *sums in kept.values_list("of", "hour", *SUMS).union(summed, all=True):
        found[of][hour] = Sums(*map(int, sums))
    return found["users"], found["shop"]


def latest_hours(hours: int) -> list[dict[str, Any]]:
    """What all users' transactions come to in each of the newest hours that have any, ascending.

    Hours without any are passed over, however long ago the others are: history may know no more than days.
    """
    newest = ShopHour.objects.order_by("-hour").values_list("hour", *SUMS)[:hours]
    return [{"hour": hour} | amounts(Sums(*sums)) for hour, *sums in reversed(newest)]


def amounts(sums: Sums) -> dict[str, Any]:
    """Sums as everyone but us reads them: amounts of money instead of cents."""
    return {
        "total_amount": shown_cents(sums.total_cents),
        "transaction_count": sums.transaction_count,
        "settled_amount": shown_cents(sums.settled_cents),
        "failed_amount": shown_cents(sums.failed_cents),
        "refunded_amount": shown_cents(sums.refunded_cents),
    }
