"""Many things, so many at a time."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from django.db import connection
from django.db.models import QuerySet

T = TypeVar("T")

ASKED_AT_ONCE = 1000
"""For lists longer than some ten thousand, MySQL would read, and lock, the whole table; SQLite takes 32,766 at most."""

ROWS_READ_AT_ONCE = 50_000
"""Some tenths of a second."""


def portions(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """These items: a statement takes only so many parameters, and so many conditions."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def rows_among(rows: QuerySet[Any, T], column: str, values: Iterable[Any]) -> Iterator[T]:
    """Those rows that have one of these values in a column, asked for in portions: in no order."""
    for some in portions(list(values), ASKED_AT_ONCE):
        yield from rows.filter(**{f"{column}__in": some})


def values_among(rows: QuerySet[Any, Any], column: str, values: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
    """What rows.values_list(…) has of the same, as the driver gives it: Django asks for many for longer than they take.

    values: numbers or texts. Raises ValueError for a query that does not end with the list of values.
    """
    asked = list(values)
    if not asked:
        return
    sql, params = rows.filter(**{f"{column}__in": asked[:1]}).query.sql_with_params()
    before, _, after = sql.rpartition("(%s)")
    if after.strip(")") or params[-1:] != (asked[0],):
        raise ValueError(f"{sql} does not end with the values of {column}")
    with connection.cursor() as cursor:
        for some in portions(asked, ASKED_AT_ONCE):
            cursor.execute(f"{before}({', '.join(['%s'] * len(some))}){after}", [*params[:-1], *some])
            yield from cursor.fetchall()


def locked_by_key(rows: QuerySet[Any, T], keys: Iterable[Any]) -> Iterator[T]:
    """The rows of these keys, locked in the keys' order until the database transaction at hand ends.

    By the table's own keys: by an index of another order, MySQL would lock in that one's.
    """
    for some in portions(sorted(keys), ASKED_AT_ONCE):
        yield from rows.select_for_update().filter(pk__in=some).order_by("pk")


def portions_of_groups(groups: Iterable[Sequence[T]], size: int) -> Iterator[list[T]]:
    """The items of these groups, about so many at a time, and no group divided: a larger one comes as it is."""
    portion: list[T] = []
    for group in groups:
        if portion and len(portion) + len(group) > size:
            yield portion
            portion = []
        portion.extend(group)
    if portion:
        yield portion


def portions_of_table(
    table: QuerySet[Any, Any], size: int = ROWS_READ_AT_ONCE, by: str = "pk"
) -> Iterator[QuerySet[Any, Any]]:
    """All rows of a table in the order of a column, for what would otherwise be one long statement.

    by: a column with an index; rows in which it is the same come together, however many there are. The portions are
    counted in rows: ids have gaps, since MySQL takes one for each row that an upsert finds there.
    """
    following = table.order_by(by)
    while (end := _last_of_next(following, by, size)) is not None:
        yield following.filter(**{f"{by}__lte": end}).order_by()
        following = table.filter(**{f"{by}__gt": end}).order_by(by)


def _last_of_next(following: QuerySet[Any, Any], by: str, size: int) -> Any:
    values = following.values_list(by, flat=True)
    return next(iter(values[size - 1 : size]), None) or values.last()
