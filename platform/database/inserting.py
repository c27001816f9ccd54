"""Many new rows in one statement, where a model's instance for each would cost more than the database does."""

from collections.abc import Sequence
from contextlib import nullcontext
from functools import lru_cache
from itertools import chain
from typing import Any

from django.db import connection, transaction
from django.db.models import Model

from database import loading
from database.portions import portions

ROWS_PER_STATEMENT = 1000
"""Some 200 KB of SQL: a thousandth of what MySQL takes at once, and no statement waits long for the one before."""

MOST_PARAMETERS = 32_766
"""that a statement may have on SQLite (https://www.sqlite.org/limits.html)"""


def insert_rows(model: type[Model], columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows that nobody has yet; raises IntegrityError, and then none of the rows are there.

    rows: values in the order of the columns, as the database takes them: values.stored() makes that of moments, str()
    of decimals. What the columns leave out gets the database's own default.
    """
    # Of several statements, what was inserted up to an error would stay.
    with nullcontext() if len(rows) <= rows_at_once(columns) else transaction.atomic():
        _insert(model, columns, rows)


def insert_new_rows(model: type[Model], columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert those of the rows that are not there yet, as a unique constraint has it, and pass over the others."""
    quote = connection.ops.quote_name
    passed_over = {"sqlite": " ON CONFLICT DO NOTHING", "mysql": " ON DUPLICATE KEY UPDATE {0} = {0}"}
    with transaction.atomic(savepoint=False):
        _insert(model, columns, rows, passed_over[connection.vendor].format(quote(columns[0])))


def _insert(model: type[Model], columns: Sequence[str], rows: Sequence[Sequence[Any]], suffix: str = "") -> None:
    table = model._meta.db_table
    if loading.is_loaded(table, columns, rows):
        return
    with connection.cursor() as cursor:
        for some in portions(rows, rows_at_once(columns)):
            cursor.execute(_statement(table, tuple(columns), len(some), suffix), [*chain.from_iterable(some)])


@lru_cache(maxsize=50)
def _statement(table: str, columns: tuple[str, ...], rows: int, suffix: str) -> str:
    """The very same object each time, which the cursor of SQLite then knows again without reading it."""
    return insertion(table, columns, rows) + suffix


def rows_at_once(columns: Sequence[str]) -> int:
    """How many rows go into one statement.

    On SQLite, too, where executemany() would be as fast if nobody else ran: the driver gives up Python's lock at each
    row, and waits for it up to 5 ms each time while another thread computes.
    """
    return min(ROWS_PER_STATEMENT, MOST_PARAMETERS // len(columns))


def insertion(table: str, columns: Sequence[str], rows: int) -> str:
    """INSERT of so many rows."""
    quote = connection.ops.quote_name
    row = f"({', '.join(['%s'] * len(columns))})"
    # Nothing but names of tables and columns stands in it; the values are parameters.
    return f"INSERT INTO {quote(table)} ({', '.join(map(quote, columns))}) VALUES {', '.join([row] * rows)}"  # noqa: S608
