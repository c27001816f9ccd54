"""The parts of the API's measurement: wrk's answer, the server's command, addresses."""

import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from rest_framework.request import Request

from bench.api import paths, wrk
from bench.api.kinds import BY_NAME
from bench.api.servers import command_of_demo
from native.demo import SUPERVISORD_CONF

GET = BY_NAME["get"]
TOLD = '{"requests": %d, "seconds": 4.0, "p50_ms": 1.5, "p99_ms": 9.25, "max_ms": 11.0, "errors": %d}'


def test_what_wrk_counted_is_its_last_line() -> None:
    told = wrk.read(f"Running 4s test @ …\n  2 threads\n{TOLD % (400, 0)}\n", GET)
    assert (told.requests, told.seconds, told.p99_ms) == (400, 4, 9.25)


def test_one_bad_answer_fails_the_run() -> None:
    with pytest.raises(wrk.Failed, match="GET by id: 1 of 400"):
        wrk.read(TOLD % (400, 1), GET)


def test_a_wrk_that_could_not_work_says_why() -> None:
    with pytest.raises(wrk.Failed, match="unable to connect"):
        wrk.read("unable to connect to 127.0.0.1:1", GET)


def test_our_server_is_started_as_the_demo_starts_it() -> None:
    command = command_of_demo(SUPERVISORD_CONF)
    assert command[0] == sys.executable
    assert any("{port}" in part for part in command)


def test_both_servers_are_asked_for_the_same_that_is_there(tmp_path: Path) -> None:
    database = tmp_path / "some.sqlite3"
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("CREATE TABLE transactions (id INTEGER PRIMARY KEY, order_id TEXT, timestamp TEXT)")
        rows = [(n, f"o-{n}", "2026-11-27 04:00:00") for n in range(1, 301)]
        connection.executemany("INSERT INTO transactions VALUES (?, ?, ?)", rows)
    paths.write_paths(tmp_path, database, users=7)
    ids = (tmp_path / "ids").read_text().split()
    assert set(ids) <= {f"/transactions/o-{n}" for n in range(201, 301)}
    assert {line.split("/")[3] for line in (tmp_path / "hourly").read_text().split()} == set("1234567")
    place = paths.cursor("2026-11-27 04:00:00", ids[0].rpartition("/")[2])
    assert (tmp_path / "pages").read_text().split()[0] == f"/transactions?cursor={place}"


@pytest.mark.django_db
def test_our_api_takes_the_places_in_its_list(rf: Any) -> None:
    from api.pagination import Cursor
    from transactions.models import Transaction

    class View:
        order = ("-timestamp", "order_id")

    cursor = Cursor()
    address = f"/transactions?cursor={paths.cursor('2026-11-27 04:00:00', 'o-7')}"
    assert cursor.paginate_queryset(Transaction.objects.all(), Request(rf.get(address)), View()) == []
