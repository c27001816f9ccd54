"""Who looks whether orders have become visible, on a table and beside a server of a test."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import pytest

from bench.scaling.pace import Pace, Phase, Sightings, watched_users
from bench.scaling.watching import Look, by_api, in_table
from bench.sqlite import SQLite
from bench.workers.checking import Wrong
from fraud.models import FraudAlert

PACE = Pace([Phase(250, warm_seconds=1, seconds=1)])


@pytest.fixture
def found() -> Sightings:
    return Sightings(PACE.orders(partitions=3, now_ms=1_795_737_600_000), PACE)


def seen(found: Sightings) -> list[int]:
    places: list[int] = np.flatnonzero(~np.isnan(found.moments)).tolist()
    return places


def test_alerts_are_seen_once_they_are_committed(
    found: Sightings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.sqlite.ROOT", tmp_path)
    database, ids = SQLite("of-a-test"), [order_id for order_id, *_ in found.orders.rows()]
    database.make()
    with closing(sqlite3.connect(database.file)) as writing, in_table_of(database, writing, found) as look:
        look()
        assert seen(found) == []
        add(writing, [ids[7], ids[3]])
        look()
        assert seen(found) == [], "what is not committed cannot be seen"
        writing.commit()
        look()
        assert seen(found) == [3, 7]
        assert found.moments[3] == found.moments[7]
        add(writing, [ids[9]])
        writing.commit()
        look()
        assert seen(found) == [3, 7, 9]
        assert found.moments[3] < found.moments[9], "only new rows are looked at"


@contextmanager
def in_table_of(database: SQLite, writing: sqlite3.Connection, found: Sightings) -> Iterator[Look]:
    writing.execute("PRAGMA journal_mode = WAL")
    writing.execute(f"CREATE TABLE {FraudAlert._meta.db_table} (id INTEGER PRIMARY KEY, order_id TEXT)")
    writing.commit()
    with in_table(database, found) as look:
        yield look


def add(writing: sqlite3.Connection, ids: list[str]) -> None:
    writing.executemany("INSERT INTO fraud_fraudalert (order_id) VALUES (?)", [(each,) for each in ids])


@contextmanager
def serving(*sums: tuple[int, int], status: int = 200) -> Iterator[int]:
    """An API that gives these counts and cents one after another; its port."""
    left = list(sums)

    class Answering(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            number, cents = left.pop(0)
            told = {"transaction_count": number, "total_amount": f"{cents // 100}.{cents % 100:02}"}
            body = json.dumps({"sums": told, "path": self.path}).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answering)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def of_user(found: Sightings, user: int) -> tuple[list[int], list[int]]:
    places = np.flatnonzero(found.orders.users == user)
    return places.tolist(), np.cumsum(found.orders.cents[places]).tolist()


def test_totals_are_asked_for_in_turns_and_tell_of_the_orders_in_them(found: Sightings) -> None:
    first, second = (of_user(found, user) for user in watched_users(3))
    with serving((2, first[1][1]), (1, second[1][0])) as port, by_api(port, "a token", found) as look:
        look()
        assert seen(found) == first[0][:2]
        look()
        assert seen(found) == sorted([*first[0][:2], second[0][0]])


def test_a_total_that_is_not_that_of_its_orders_fails_the_run(found: Sightings) -> None:
    _, cents = of_user(found, watched_users(3)[0])
    with (
        serving((2, cents[1] - 1)) as port,
        by_api(port, "a token", found) as look,
        pytest.raises(Wrong, match=f"come to {cents[1] - 1} cents, not {cents[1]}"),
    ):
        look()


def test_an_answer_that_is_none_fails_the_run(found: Sightings) -> None:
    with (
        serving((0, 0), status=403) as port,
        by_api(port, "a token", found) as look,
        pytest.raises(Wrong, match="The API answers with 403"),
    ):
        look()
