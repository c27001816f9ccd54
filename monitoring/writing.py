"""Whether the database takes changes."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from django.contrib.sessions.models import Session
from django.db import OperationalError, connection, transaction

PATIENCE_SECONDS = 1
IMPATIENCE = {
    "sqlite": f"PRAGMA busy_timeout = {PATIENCE_SECONDS * 1000}",
    "mysql": f"SET SESSION lock_wait_timeout = {PATIENCE_SECONDS}, innodb_lock_wait_timeout = {PATIENCE_SECONDS}",
}


def try_a_write() -> None:
    """Write a row and take it back; raises django.db.Error if it was not taken.

    No lock is waited for longer than a second, on this connection from now on: call it where the connection is closed
    afterwards.
    """
    _run(IMPATIENCE[connection.vendor])
    if connection.vendor == "sqlite":
        _try_on_sqlite()
    else:
        _write_and_take_back()


def _write_and_take_back() -> None:
    with transaction.atomic():
        Session.objects.bulk_create([Session(session_key=uuid4().hex, session_data="", expire_date=datetime.now(UTC))])
        transaction.set_rollback(True)


def _try_on_sqlite() -> None:
    """One at a time writes: where somebody else does all the time, changes are taken, though not this one."""
    before = _run("PRAGMA data_version")
    try:
        _write_and_take_back()
    except OperationalError:
        if _run("PRAGMA data_version") == before:
            raise


def _run(sql: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()
