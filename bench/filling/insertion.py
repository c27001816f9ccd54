"""Filling tables inside the database: rows are made of numbers there, and none goes over a connection."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from types import SimpleNamespace

from django.apps import apps
from django.db import connection

from bench.filling.dialects import DIALECTS
from bench.filling.tables import DERIVED, TABLES, Table, Volume

CHUNK = 100_000
"""Rows of one INSERT, and of one transaction."""
MANY = 300_000
"""Rows from which on indexes are made after them."""
NUMBERS = "bench_numbers"

Progress = Callable[[str, int, int], None]
"""told of a table, its rows that are there, and all that it gets"""


def fill(volume: Volume, progress: Progress = lambda table, done, rows: None) -> None:
    """Give empty tables their rows, and make what is kept of them."""
    dialect = DIALECTS[connection.vendor]
    tables = [table for table in TABLES if table.rows(volume)]
    for statement in dialect.before:
        _run(statement)
    _make_numbers(min(CHUNK, max(table.rows(volume) for table in tables)))
    for table in tables:
        _fill_one(table, volume, progress)
    _run(f"DROP TABLE {NUMBERS}")
    for number, name in enumerate(DERIVED, 1):
        import_module(name).add_up(apps, SimpleNamespace(connection=connection))
        progress("what is kept of them", number, len(DERIVED))
    for statement in dialect.after:
        _run(statement)


def _fill_one(table: Table, volume: Volume, progress: Progress) -> None:
    columns = table.columns(DIALECTS[connection.vendor], volume)
    rows = table.rows(volume)
    head = f"INSERT INTO {table.name} ({', '.join(map(connection.ops.quote_name, columns))})"
    with _indexed_after(table, rows, progress):
        for done in range(0, rows, CHUNK):
            numbers = f"SELECT {done} + number AS n FROM {NUMBERS} WHERE number <= {rows - done}"
            _run(_of_vendor(f"{head} SELECT {', '.join(columns.values())} FROM ({numbers}) AS numbered ORDER BY n"))
            progress(table.name, min(done + CHUNK, rows), rows)
    if connection.vendor == "mysql":
        # As it does by itself some seconds after so many rows.
        _run(f"ANALYZE TABLE {table.name}")


@contextmanager
def _indexed_after(table: Table, rows: int, progress: Progress) -> Iterator[None]:
    """Without the model's indexes, which are made when the rows are there; few rows are not worth it."""
    model = apps.get_model(table.model)
    indexes = model._meta.indexes if rows >= MANY else []
    with connection.schema_editor() as editor:
        for index in indexes:
            editor.remove_index(model, index)
    yield
    for number, index in enumerate(indexes, 1):
        with connection.schema_editor() as editor:
            editor.add_index(model, index)
        progress(f"indexes of {table.name}", number, len(indexes))


def _make_numbers(count: int) -> None:
    """A table of 1, 2, … count; doubled until it has them."""
    _run(f"DROP TABLE IF EXISTS {NUMBERS}")
    _run(f"CREATE TABLE {NUMBERS} (number INTEGER PRIMARY KEY)")
    _run(f"INSERT INTO {NUMBERS} VALUES (1)")
    have = 1
    while have < count:
        _run(f"INSERT INTO {NUMBERS} SELECT number + {have} FROM {NUMBERS} WHERE number <= {count - have}")
        have *= 2


def _of_vendor(sql: str) -> str:
    """Whole numbers divided by whole numbers: SQLite writes / for it."""
    return sql.replace(" DIV ", " / ") if connection.vendor == "sqlite" else sql


def _run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
