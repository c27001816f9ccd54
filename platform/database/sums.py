"""Adding to rows, and making those that are missing, in one statement: processes at work on the same lose nothing."""

from collections.abc import Sequence
from itertools import chain
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Model

from database.inserting import insertion, rows_at_once
from database.portions import portions


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
    model: type[Model],
    *,
    key: Sequence[str],
    sums: Sequence[str],
    rows: Sequence[tuple[Any, ...]],
    numbers: bool = False,
) -> None:
    """Add to the columns `sums` of the rows with these keys; each row: values of `key`, then what is to be added.

    Values are as the database takes them: values.stored() makes that of moments, once for all rows of one.
    key: columns with a unique constraint. The order of `rows` is that in which locks are taken. A row that is missing
    is made of key and sums: other columns must be the database's to fill. numbers: every value is an int.
    """
    table, columns = model._meta.db_table, [*key, *sums]
    added = _addition(table, key, sums)
    with connection.cursor() as cursor:
        for some in portions(rows, rows_at_once(columns)):
            statement, values = f"{insertion(table, columns, len(some))} {added}", tuple(chain.from_iterable(some))
            if numbers and connection.vendor == "mysql":
                # Its driver would write each into the statement by calls in Python, at twenty times the cost.
                cursor.execute(statement.replace("%s", "%d") % values)
            else:
                cursor.execute(statement, values)


def _addition(table: str, key: Sequence[str], sums: Sequence[str]) -> str:
    """… or add, behind an INSERT; bulk_create() can replace a row's values but not add to them."""
    dialect, quote = DIALECTS[connection.vendor], connection.ops.quote_name
    added = ", ".join(f"{quote(name)} = {quote(table)}.{quote(name)} + {dialect.added}.{quote(name)}" for name in sums)
    return f"{dialect.named} {dialect.otherwise.format(', '.join(map(quote, key)))} {added}"
