"""What is written to the table of hourly totals."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import astuple, fields
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import F, Q

from analytics.models import HourlyTotal
from analytics.windows import Sums, UserHour

ROWS_PER_STATEMENT = 100
"""Seven parameters a row: well below the 999 that the smallest SQLite takes."""


class Dialect(NamedTuple):
    """How a database adds to the row that is there already."""

    named: str
    """what gives the row that was to be inserted a name"""
    otherwise: str
    added: str
    """that name"""


DIALECTS = {
    "sqlite": Dialect("", "ON CONFLICT (user_id, hour) DO UPDATE SET", "excluded"),
    "mysql": Dialect("AS added", "ON DUPLICATE KEY UPDATE", "added"),
}


@transaction.atomic
def add_to_hourly_totals(*, totals: Mapping[UserHour, Sums]) -> None:
    """Add sums to the stored totals, all or none; makes the rows that are missing.

    The database itself adds, in one statement per hundred rows: processes at work on the same rows lose nothing.
    """
    # Everyone takes the rows' locks in the same order, so that no two wait for each other.
    rows = sorted(totals.items())
    with connection.cursor() as cursor:
        for start in range(0, len(rows), ROWS_PER_STATEMENT):
            some = rows[start : start + ROWS_PER_STATEMENT]
            cursor.execute(_statement(len(some)), list(_parameters(some)))


def forget_empty_hours(*, of: Collection[UserHour]) -> int:
    """Delete the rows of these users' hours to which nothing adds up any more; returns how many."""
    empty = HourlyTotal.objects.filter(**{each.name: 0 for each in fields(Sums)})
    which = reduce(or_, (Q(user_id=user_id, hour=hour) for user_id, hour in of), Q(pk=None))
    return empty.filter(which).delete()[0]


@transaction.atomic
def correct_hourly_totals(*, by: Mapping[UserHour, Sums]) -> list[HourlyTotal]:
    """Add differences, which may be negative, to stored totals, all or none; returns the rows.

    What the aggregator adds meanwhile stays, since nothing is replaced. For few: each takes statements of its own.
    """
    corrected = []
    for (user_id, hour), sums in sorted(by.items()):
        # Not in one statement: MySQL refuses to insert a negative count, even where the row is there to be added to.
        row, _ = HourlyTotal.objects.get_or_create(user_id=user_id, hour=hour)
        changes = {each.name: F(each.name) + getattr(sums, each.name) for each in fields(Sums)}
        HourlyTotal.objects.filter(pk=row.pk).update(**changes)
        corrected.append(row)
    return corrected


def _statement(rows: int) -> str:
    """INSERT … or add, for so many rows; bulk_create() can replace a row's values but not add to them."""
    dialect, table = DIALECTS[connection.vendor], HourlyTotal._meta.db_table
    sums = [field.name for field in fields(Sums)]
    columns = ["user_id", "hour", *sums]
    values = ", ".join([f"({', '.join(['%s'] * len(columns))})"] * rows)
    added = ", ".join(f"{name} = {table}.{name} + {dialect.added}.{name}" for name in sums)
    # Nothing but our own names stands in this statement; the values are parameters.
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES {values} {dialect.named} {dialect.otherwise} {added}"  # noqa: S608


def _parameters(rows: Sequence[tuple[UserHour, Sums]]) -> Iterator[Any]:
    for (user_id, hour), sums in rows:
        yield from (user_id, connection.ops.adapt_datetimefield_value(hour), *astuple(sums))
