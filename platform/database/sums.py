"""Adding to rows, and making those that are missing, in one statement: processes at work on the same lose nothing."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import connection
from django.db.models import Model

from database.inserting import insertion, rows_at_once
from database.portions import portions

if TYPE_CHECKING:
    # Who has a table has brought numpy along.
    import numpy as np
    from numpy.typing import NDArray


class Addition(NamedTuple):
    statement: str
    values: "NDArray[np.int64]"
    """what of it does not stand in the statement itself"""


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

    Values are as the database takes them: values.stored() makes that of moments, once for all rows of one.
    key: columns with a unique constraint. The order of `rows` is that in which locks are taken. A row that is missing
    is made of key and sums: other columns must be the database's to fill.
    """
    with connection.cursor() as cursor:
        for some in portions(rows, rows_at_once([*key, *sums])):
            cursor.execute(_statement(model, tuple(key), tuple(sums), len(some)), tuple(chain.from_iterable(some)))


def additions(
    model: type[Model], *, key: Sequence[str], sums: Sequence[str], table: "NDArray[np.int64]"
) -> list[Addition]:
    """By which the same is done of whole numbers, a row of the table each. Nothing is asked of the database for it."""
    size, found = rows_at_once([*key, *sums]), []
    for start in range(0, len(table), size):
        some = table[start : start + size]
        statement = _statement(model, tuple(key), tuple(sums), len(some))
        values = some.ravel()
        if connection.vendor == "mysql":
            # Its driver would write each into the statement by calls in Python, at twenty times the cost.
            statement, values = statement.replace("%s", "%d") % tuple(values.tolist()), values[:0]
        found.append(Addition(statement, values))
    return found


def add(those: Iterable[Addition]) -> None:
    with connection.cursor() as cursor:
        for statement, values in those:
            # At once, and no tuple a row: among so many the garbage collector would look for cycles again and again.
            cursor.execute(statement, tuple(values.tolist()))


@lru_cache(maxsize=50)
def _statement(model: type[Model], key: tuple[str, ...], sums: tuple[str, ...], rows: int) -> str:
    table = model._meta.db_table
    return f"{insertion(table, [*key, *sums], rows)} {_addition(table, key, sums)}"


def _addition(table: str, key: Sequence[str], sums: Sequence[str]) -> str:
    """… or add, behind an INSERT; bulk_create() can replace a row's values but not add to them."""
    dialect, quote = DIALECTS[connection.vendor], connection.ops.quote_name
    added = ", ".join(f"{quote(name)} = {quote(table)}.{quote(name)} + {dialect.added}.{quote(name)}" for name in sums)
    return f"{dialect.named} {dialect.otherwise.format(', '.join(map(quote, key)))} {added}"
