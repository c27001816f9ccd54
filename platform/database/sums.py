"""Adding to rows, and making those that are missing, in one statement: processes at work on the same lose nothing."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Model

from database.portions import portions

ROWS_PER_STATEMENT = 1000
"""Seven parameters a row: SQLite takes 32,766 since 3.32, and Debian's 250,000."""


class Dialect(NamedTuple):
    """How a database adds to the row that is there already."""

    named: str
    """what gives the row that was to be inserted a name"""
    otherwise: str
    """with room for the columns of the key"""
    added: str
    """that name"""


DIALECTS = {
    "sqlite": Dialect("", "ON CONFLICT ({}) DO UPDATE SET", "excluded"),
    "mysql": Dialect("AS added", "ON DUPLICATE KEY UPDATE", "added"),
}


def add_to_sums(
    model: type[Model], *, key: Sequence[str], sums: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Add to the columns `sums` of the rows with these keys; each row: values of `key`, then what is to be added.

    key: columns with a unique constraint. The order of `rows` is that in which locks are taken. A row that is missing
    is made of key and sums: other columns must be the database's to fill.
    """
    with connection.cursor() as cursor:
        for some in portions(rows, ROWS_PER_STATEMENT):
            cursor.execute(_statement(model._meta.db_table, key, sums, len(some)), list(_parameters(some)))


def _statement(table: str, key: Sequence[str], sums: Sequence[str], rows: int) -> str:
    """INSERT … or add, for so many rows; bulk_create() can replace a row's values but not add to them."""
    dialect, columns = DIALECTS[connection.vendor], [*key, *sums]
    values = ", ".join([f"({', '.join(['%s'] * len(columns))})"] * rows)
    otherwise = dialect.otherwise.format(", ".join(key))
    added = ", ".join(f"{name} = {table}.{name} + {dialect.added}.{name}" for name in sums)
    # Nothing but our own names stands in this statement; the values are parameters.
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES {values} {dialect.named} {otherwise} {added}"  # noqa: S608


def _parameters(rows: Sequence[tuple[Any, ...]]) -> Iterator[Any]:
    for row in rows:
        for value in row:
            yield connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value
