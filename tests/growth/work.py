"""How much work a statement is for the database, whatever the machine: what it reads and sorts, as it says itself."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

READ = ("SELECT", "UPDATE", "DELETE", "(SELECT", "WITH")
Statement = str
STEPS_AT_ONCE = 100


@dataclass(frozen=True)
class Work:
    read: int
    """MySQL: rows or entries of indexes; SQLite: steps of its machine, some dozens a row"""
    sorted: int
    """rows, of MySQL only; with SQLite sorting is in the steps"""


MOST = {"sqlite": Work(15_000, 0), "mysql": Work(2_500, 500)}
"""For a page of a hundred rows, a count of up to 500, or a person's own rows; a table has tens of thousands."""


@contextmanager
def listening() -> Iterator[list[Statement]]:
    """The statements that are executed in here and read something, as the database gets them; there at the end."""
    heard: list[Statement] = []
    with CaptureQueriesContext(connection) as queries:
        yield heard
    heard += [query["sql"] for query in queries.captured_queries if query["sql"].lstrip().startswith(READ)]


def work_of(statement: Statement) -> Work:
    """Executes it once more, and leaves nothing of it."""
    with transaction.atomic():
        done = MEASURED_BY[connection.vendor](statement)
        transaction.set_rollback(True)
    return done


def _steps(statement: Statement) -> Work:
    batches = 0

    def count() -> None:
        nonlocal batches
        batches += 1

    database = connection.connection
    database.set_progress_handler(count, STEPS_AT_ONCE)
    try:
        _execute(statement)
    finally:
        database.set_progress_handler(None, 0)
    return Work(batches * STEPS_AT_ONCE, 0)


def _handled(statement: Statement) -> Work:
    before = _status()
    _execute(statement)
    after = _status()
    done = {name: after[name] - before[name] for name in after}
    return Work(sum(count for name, count in done.items() if name != "Sort_rows"), done["Sort_rows"])


def _status() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SHOW SESSION STATUS WHERE Variable_name IN ('Handler_read_first', 'Handler_read_key', 'Handler_read_last',"
            " 'Handler_read_next', 'Handler_read_prev', 'Handler_read_rnd', 'Handler_read_rnd_next', 'Sort_rows')"
        )
        return {name: int(value) for name, value in cursor.fetchall()}


def _execute(statement: Statement) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        cursor.fetchall()


MEASURED_BY: dict[str, Callable[[Statement], Work]] = {"sqlite": _steps, "mysql": _handled}


def plan_of(statement: Statement) -> list[str]:
    explain = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN FORMAT=TREE"
    with connection.cursor() as cursor:
        cursor.execute(f"{explain} {statement}")
        return [str(row[-1]) for row in cursor.fetchall()]


def too_much(statements: list[Statement]) -> list[str]:
    """Each statement that is more work than any may be, with how much and how the database goes about it."""
    most = MOST[connection.vendor]
    told = []
    for statement in statements:
        done = work_of(statement)
        if done.read > most.read or done.sorted > most.sorted:
            told.append(f"{done}: {statement} by {plan_of(statement)}")
    return told
