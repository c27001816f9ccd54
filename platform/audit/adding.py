"""How lines get into the log: at once, or, of machines that read by the hundred, together a moment later."""

from collections.abc import Sequence
from threading import Lock, Thread
from typing import Any

from django.db import Error

from audit.models import AuditLine
from database.inserting import insert_rows
from database.write_behind import keep_writing

COLUMNS = (
    "at",
    "account_id",
    "role",
    "address",
    "request_id",
    "route",
    "method",
    "format",
    "status",
    "user_id",
    "order_id",
    "object_id",
    "asked",
    "shown",
)
WHAT = "what machines read"
EVERY_SECONDS = 0.5
MOST_WAITING = 5_000
"""lines of a process that may wait: with a database that takes none, whoever reads more is refused"""

_waiting: list[Sequence[Any]] = []
_bearable = 0
"""how many may wait: none where no thread adds them"""
_lock = Lock()


def add(rows: Sequence[Sequence[Any]]) -> None:
    """Add lines, values in the order of COLUMNS, before they are answered."""
    insert_rows(AuditLine, COLUMNS, rows)


def add_soon(rows: Sequence[Sequence[Any]]) -> None:
    """Add lines within EVERY_SECONDS; at once where too many wait, or where nothing would add them."""
    if not _bearable:
        return add(rows)
    with _lock:
        _waiting.extend(rows)
    if len(_waiting) > _bearable:
        write_down()
    return None


def keep_adding() -> Thread:
    """Let lines wait from now on, for a thread that ends with the process."""
    global _bearable  # noqa: PLW0603 - as above
    _bearable = MOST_WAITING
    return keep_writing(WHAT, write_down, EVERY_SECONDS)


def write_down() -> int:
    """Add all that waits; returns how many lines. What fails waits on."""
    global _waiting  # noqa: PLW0603 - a process's own
    with _lock:
        taken, _waiting = _waiting, []
    try:
        add(taken)
    except Error:
        with _lock:
            _waiting = taken + _waiting
        raise
    return len(taken)
