"""What is written to the tables of hourly totals: those of users, and what they come to for the whole shop."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F, Q

from analytics.models import HourlyTotal, ShopHour
from analytics.selectors import missing_in_shop
from analytics.windows import SUMS, Sums, UserHour, by_hour, figures_of, in_hours
from database.portions import portions
from database.sums import Addition, add, add_to_sums, additions

if TYPE_CHECKING:
    # Brings numpy along, which whoever adds no columns has no use for.
    from analytics.column_windows import Totals

USER_HOUR, SHOP_HOUR = ("hour", "user_id"), ("hour",)
"""the tables' keys"""
ASKED_AT_ONCE = 100
"""SQLite takes a condition of a thousand parts at the most."""


@transaction.atomic
def add_to_hourly_totals(*, totals: Mapping[UserHour, Sums]) -> None:
    """Add sums to the stored totals and to the shop's hours, all or none; makes the rows that are missing."""
    # Everyone takes the rows' locks in the same order, that in which they lie, so that no two wait for each other. The
    # shop's few rows, which all want, come last, and are held for a moment only.
    _add_to_users(sorted((in_hours(hour), user_id, *figures_of(sums)) for (user_id, hour), sums in totals.items()))
    _add_to_shop(by_hour(totals))


@transaction.atomic
def add_columns(those: Sequence[Addition]) -> None:
    """The same of totals in columns."""
    add(those)


def additions_of(*, users: "Totals", shop: "Totals") -> Sequence[Addition]:
    """How totals in columns are added: those of users, and what they come to for the shop."""
    return [
        *additions(HourlyTotal, key=USER_HOUR, sums=SUMS, table=users.by_user_hour()),
        *additions(ShopHour, key=SHOP_HOUR, sums=SUMS, table=shop.by_hour()),
    ]


def forget_empty_hours(*, of: Collection[UserHour]) -> int:
    """Delete the rows of these users' hours to which nothing adds up any more; returns how many.

    The shop's hours likewise: what is added later makes them anew.
    """
    deleted = 0
    for some in portions(sorted(of), ASKED_AT_ONCE):
        which = reduce(or_, (Q(user_id=user_id, hour=hour) for user_id, hour in some))
        deleted += HourlyTotal.objects.filter(which, **NO_SUMS).delete()[0]
    for hours in portions(sorted({hour for _, hour in of}), ASKED_AT_ONCE):
        ShopHour.objects.filter(hour__in=hours, **NO_SUMS).delete()
    return deleted


NO_SUMS = dict.fromkeys(SUMS, 0)


@transaction.atomic
def correct_hourly_totals(*, by: Mapping[UserHour, Sums]) -> list[HourlyTotal]:
    """Add differences, which may be negative, to users' totals, all or none; returns the rows.

    The shop's hours are brought to what their users' then come to. What the aggregator adds meanwhile stays, since
    nothing is replaced. For few: each takes statements of its own.
    """
    corrected = []
    for (user_id, hour), sums in sorted(by.items(), key=lambda each: each[0][::-1]):
        row, _ = HourlyTotal.objects.get_or_create(user_id=user_id, hour=hour)
        changes = {each.name: F(each.name) + getattr(sums, each.name) for each in fields(Sums)}
        HourlyTotal.objects.filter(pk=row.pk).update(**changes)
        corrected.append(row)
    correct_shop_hours(hours={hour for _, hour in by})
    return corrected


@transaction.atomic
def correct_shop_hours(*, hours: Iterable[datetime]) -> dict[datetime, Sums]:
    """Add to the shop's hours what they lack of their users' totals; returns what that was, of those that lacked any.

    An aggregator changes both in one transaction, so what is found missing at one moment is missing at any later one.
    """
    missing = missing_in_shop(hours)
    _add_to_shop(missing)
    return missing


def _add_to_users(rows: Sequence[tuple[int, ...]]) -> None:
    add_to_sums(HourlyTotal, key=USER_HOUR, sums=SUMS, rows=rows)


def _add_to_shop(hours: Mapping[datetime, Sums]) -> None:
    _add_to_shop_hours([(in_hours(hour), *figures_of(sums)) for hour, sums in sorted(hours.items())])


def _add_to_shop_hours(rows: Sequence[tuple[int, ...]]) -> None:
    add_to_sums(ShopHour, key=SHOP_HOUR, sums=SUMS, rows=rows)
