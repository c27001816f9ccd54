"""No query takes longer than whoever asks may keep the database busy."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from time import monotonic
from typing import Any

from django.db import OperationalError, connection

from database.errors import number_of

STEPS = 10_000
"""of SQLite's machine between two looks at the clock: well below a millisecond"""
MAX_EXECUTION_TIME_EXCEEDED = 3024
FIRST_SELECT = re.compile(r"\(*SELECT\b")

_limited: ContextVar[bool] = ContextVar("limited", default=False)


class TookTooLong(Exception):
    """What was asked keeps the database busy for longer than it may; says what to do."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"This takes longer than {seconds:g} seconds to find: narrow it, best by user or by time.")


@contextmanager
def time_limit(seconds: float, *, index: str = "") -> Iterator[None]:
    """What is read in here, all of it together, takes no longer; raises TookTooLong. Rows must be fetched in here.

    Within another time limit that one holds. index: a table and its index, with a blank between them, by which MySQL is
    to find the rows: of two that begin alike it takes either. SQLite needs no telling, see unindexed.py.
    """
    if _limited.get():
        yield
        return
    token = _limited.set(True)
    try:
        with LIMITED_BY[connection.vendor](monotonic() + seconds, index):
            yield
    except OperationalError as error:
        if not _was_ended(error):
            raise
        raise TookTooLong(seconds) from error
    finally:
        _limited.reset(token)


@contextmanager
def _limited_by_hints(deadline: float, index: str) -> Iterator[None]:
    """On MySQL: each SELECT says itself how long it may take, so nothing has to be set and put back."""

    def limited(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        left = max(1, int((deadline - monotonic()) * 1000))
        return execute(_hinted(sql, left, index), params, many, context)

    with connection.execute_wrapper(limited):
        yield


def _hinted(sql: str, milliseconds: int, index: str = "") -> str:
    select = FIRST_SELECT.match(sql)
    # Who waits for a table that somebody has locked asks for nothing too large: that ends sooner, as the error it is.
    hints = f"MAX_EXECUTION_TIME({milliseconds}) SET_VAR(lock_wait_timeout = 1)" + (f" INDEX({index})" if index else "")
    return f"{select[0]} /*+ {hints} */{sql[select.end() :]}" if select else sql


@contextmanager
def _limited_by_interrupting(deadline: float, _: str) -> Iterator[None]:
    """On SQLite: it asks every so many steps whether to go on."""
    connection.ensure_connection()
    database = connection.connection
    database.set_progress_handler(lambda: monotonic() > deadline, STEPS)
    try:
        yield
    finally:
        database.set_progress_handler(None, 0)


LIMITED_BY: dict[str, Callable[[float, str], AbstractContextManager[None]]] = {
    "mysql": _limited_by_hints,
    "sqlite": _limited_by_interrupting,
}


def _was_ended(error: OperationalError) -> bool:
    code = getattr(error.__cause__, "sqlite_errorcode", None)
    return code == sqlite3.SQLITE_INTERRUPT or number_of(error) == MAX_EXECUTION_TIME_EXCEEDED
