"""SQLite's triggers that refuse changes, taken off for what may change the table all the same."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any


def definitions(connection: Any, tables: Collection[str]) -> dict[str, str]:
    """Name → definition of the triggers of these tables of an SQLite."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'")
        return {name: sql for name, table, sql in cursor.fetchall() if table in tables}


@contextmanager
def lifted(connection: Any, table: str) -> Iterator[None]:
    """Without the table's triggers on SQLite; on MySQL with them, which know whom they let through.

    To be used in a database transaction: nobody else sees the table without them, and whatever fails brings them back.
    """
    found = definitions(connection, [table]) if connection.vendor == "sqlite" else {}
    with connection.cursor() as cursor:
        for name in found:
            cursor.execute(f"DROP TRIGGER {connection.ops.quote_name(name)}")
        yield
        for definition in found.values():
            cursor.execute(definition)
