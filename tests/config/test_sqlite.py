"""SQLite in a file, as several processes write to it."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.db.utils import ConnectionHandler

from config import databases, env
from database import large_writes

pytestmark = pytest.mark.django_db  # which lets databases be asked at all


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "shop.sqlite3"
    with closing(sqlite3.connect(path)) as made:
        made.execute("CREATE TABLE note (text)")
        made.commit()
    return path


@pytest.fixture
def handler(file: Path) -> ConnectionHandler:
    return ConnectionHandler({"default": databases.tuned(env.database(f"sqlite:///{file}"), None)})


@pytest.fixture
def connection(handler: ConnectionHandler) -> Iterator[Any]:
    yield handler["default"]
    handler["default"].close()


def patience(connection: Any) -> int:
    with connection.cursor() as cursor:
        return int(cursor.execute("PRAGMA busy_timeout").fetchone()[0])


def write(handler: ConnectionHandler, text: str) -> None:
    connection = handler["default"]
    connection.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    connection.cursor().execute("INSERT INTO note VALUES (%s)", [text])
    connection.commit()
    connection.set_autocommit(True)
    connection.close()


def begin(connection: Any) -> None:
    connection.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)


def note(connection: Any, text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO note VALUES (%s)", [text])


def noted(file: Path) -> int:
    """How many notes others see."""
    with closing(sqlite3.connect(file)) as reading:
        return int(reading.execute("SELECT count(*) FROM note").fetchone()[0])


def pages_until_checkpoint(connection: Any) -> int:
    with connection.cursor() as cursor:
        return int(cursor.execute("PRAGMA wal_autocheckpoint").fetchone()[0])


def test_who_writes_much_checkpoints_before_anybody_else(
    handler: ConnectionHandler, connection: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    everybodys = pages_until_checkpoint(connection)
    monkeypatch.setattr(large_writes, "connection", connection)
    for _ in range(2):
        large_writes.expect()
        assert pages_until_checkpoint(connection) < everybodys
        with connection.cursor() as cursor:
            assert cursor.execute("PRAGMA cache_size").fetchone() == (-32000,)
    # So has any other thread's connection.
    other = handler.create_connection("default")
    assert pages_until_checkpoint(other) < everybodys
    other.close()


def test_who_writes_waits_for_no_longer_than_the_connection_does(connection: Any, file: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 150")
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        begin(connection)
        for _ in range(2):  # who asks again is not let through outside a transaction
            with pytest.raises(OperationalError, match="locked"):
                note(connection, "refused")
    note(connection, "taken back")
    assert patience(connection) == 150
    connection.rollback()
    assert noted(file) == 0


def test_who_has_not_yet_asked_anything_keeps_nobody_waiting(connection: Any, file: Path) -> None:
    begin(connection)
    with closing(sqlite3.connect(file, timeout=0, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")
        note(connection, "mine")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
    connection.rollback()
    assert noted(file) == 0


def test_a_cursor_made_before_a_transaction_writes_in_it(connection: Any, file: Path) -> None:
    with connection.cursor() as cursor:
        begin(connection)
        cursor.executemany("INSERT INTO note VALUES (%s)", [["one"], ["two"]])
    connection.rollback()
    assert noted(file) == 0


@pytest.mark.parametrize("end", ["commit", "rollback"])
def test_a_transaction_in_which_nothing_was_asked_begins_no_later_one(connection: Any, file: Path, end: str) -> None:
    begin(connection)
    getattr(connection, end)()
    connection.set_autocommit(True)
    note(connection, "by itself")
    assert noted(file) == 1


def test_many_who_write_at_once_all_do(handler: ConnectionHandler, file: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: write(handler, str(number)), range(200)))
    with closing(sqlite3.connect(file)) as reading:
        assert reading.execute("SELECT count(*) FROM note").fetchone() == (200,)


def test_a_file_made_anew_is_opened_anew_by_the_next_request(connection: Any, file: Path) -> None:
    connection.health_check_enabled = True
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO note VALUES ('old')")
    file.unlink()
    with closing(sqlite3.connect(file)) as made:
        made.execute("CREATE TABLE note (text)")
        made.commit()
    connection.close_if_unusable_or_obsolete()
    connection.close_if_health_check_failed()
    with connection.cursor() as cursor:
        assert cursor.execute("SELECT count(*) FROM note").fetchone() == (0,)
