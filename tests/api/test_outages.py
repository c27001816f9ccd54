"""While the database is away or busy, callers are told to come back; what is wrong with a query is an error of ours."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from shutil import copy
from typing import Any

import pytest
from django.db import Error, IntegrityError, InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.test import Client

from api.problems import ProblemType
from database.errors import is_transient
from native.driving import embedded

IMPATIENT = """
import json
import django
django.setup()
from django.contrib.auth.models import User
from django.db import connection
from rest_framework.test import APIClient

with connection.cursor() as cursor:
    cursor.execute("PRAGMA busy_timeout = 100")
client = APIClient(SERVER_NAME="localhost")
client.force_authenticate(User(username="shop", is_superuser=True))
answer = client.post("/transactions", {"user_id": 1, "amount": 5})
print(json.dumps([answer.status_code, answer["Content-Type"], answer["Retry-After"], answer.json()]))
"""


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OperationalError(2002, "Can't connect to local server"), True),
        (OperationalError(2013, "Lost connection to server during query"), True),
        (OperationalError(2026, "TLS/SSL error: Connection reset by peer (104)"), True),
        (OperationalError(1205, "Lock wait timeout exceeded"), True),
        (OperationalError(1040, "Too many connections"), True),
        (OperationalError(1290, "The MySQL server is running with the --read-only option"), True),
        (OperationalError(3032, "The server is currently in offline mode"), True),
        (OperationalError(1836, "Running in read-only mode"), True),
        (OperationalError(1792, "Cannot execute statement in a READ ONLY transaction."), True),
        (OperationalError(1114, "The table 'transactions' is full"), True),
        (OperationalError(1021, "Disk full"), True),
        (OperationalError(4031, "The client was disconnected by the server because of inactivity."), True),
        (OperationalError(1203, "User already has more than 'max_user_connections'"), True),
        (OperationalError(1226, "User has exceeded the 'max_questions' resource"), True),
        (OperationalError(1045, "Access denied"), False),
        (InterfaceError(0, ""), True),
        (OperationalError(1054, "Unknown column 'a' in 'field list'"), False),
        (IntegrityError(1062, "Duplicate entry"), False),
        (OperationalError(), False),
    ],
    ids=str,
)
def test_what_passes_by_itself_is_known_by_its_number(error: Error, expected: bool) -> None:
    assert is_transient(error) is expected


@pytest.mark.django_db
def test_a_query_that_sqlite_does_not_understand_will_not_pass() -> None:
    with pytest.raises(OperationalError) as caught, connection.cursor() as cursor:
        cursor.execute("SELECT * FROM no_such_table")
    assert not is_transient(caught.value)


def test_while_others_hold_the_database_one_is_told_when_to_come_back(migrated_database: Path, tmp_path: Path) -> None:
    file = Path(copy(migrated_database, tmp_path / "platform.sqlite3"))
    environment = os.environ | embedded.platform_environment(file, "127.0.0.1:1")
    environment |= {"DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONPATH": "platform"}
    with closing(sqlite3.connect(file)) as holding:
        holding.execute("BEGIN IMMEDIATE")
        done = subprocess.run(
            [sys.executable, "-c", IMPATIENT],
            cwd=embedded.ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert holding.execute("SELECT COUNT(*) FROM transactions").fetchone() == (0,)
    status, content_type, retry_after, problem = json.loads(done.stdout.splitlines()[-1])
    assert (status, content_type, retry_after) == (503, "application/problem+json", "5")
    assert problem["type"] == ProblemType.UNAVAILABLE.uri
    assert "Idempotency-Key" in problem["detail"]


@pytest.fixture
def fails_with(settings: Any) -> Iterator[Callable[[Error], None]]:
    """Has every request of the test fail with an error before its view is asked, as sessions and logins do."""
    settings.MIDDLEWARE = ["tests.api.test_outages.failing", *settings.MIDDLEWARE]
    yield FAILS.append
    FAILS.clear()


FAILS: list[Error] = []
PAGE = "text/html; charset=utf-8"


def failing(_: Any) -> Callable[[HttpRequest], HttpResponse]:
    def fail(request: HttpRequest) -> HttpResponse:
        raise FAILS[0]

    return fail


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/transactions", "application/problem+json"),
        ("/login", "text/html; charset=utf-8"),
        ("/admin/", "text/html; charset=utf-8"),
    ],
)
def test_outside_of_views_too_one_is_told_when_to_come_back(
    fails_with: Callable[[Error], None], path: str, content_type: str
) -> None:
    fails_with(OperationalError(1290, "The MySQL server is running with the --read-only option"))
    answer = Client(raise_request_exception=False).get(path)
    assert (answer.status_code, answer["Content-Type"], answer["Retry-After"]) == (503, content_type, "5")
    assert "--read-only" not in answer.content.decode()


def test_what_will_not_pass_is_our_own_fault_outside_of_views_too(fails_with: Callable[[Error], None]) -> None:
    fails_with(OperationalError(1054, "Unknown column"))
    answer = Client(raise_request_exception=False).get("/transactions")
    assert (answer.status_code, answer.json()["type"]) == (500, ProblemType.INTERNAL.uri)


@pytest.fixture
def file(migrated_database: Path, tmp_path: Path) -> Path:
    return Path(copy(migrated_database, tmp_path / "platform.sqlite3"))


LACK = {
    "read-only": "PRAGMA query_only = ON",
    "full": "PRAGMA max_page_count = 1",
}


@pytest.mark.parametrize("pragma", LACK.values(), ids=list(LACK))
def test_a_file_that_takes_no_changes_is_an_outage(file: Path, pragma: str) -> None:
    with closing(sqlite3.connect(file)) as database:
        database.execute(pragma)
        with pytest.raises(sqlite3.OperationalError) as caught:
            database.executemany(
                "INSERT INTO django_session VALUES (?, ?, '2026-01-01')", [(str(n), "x" * 4000) for n in range(1000)]
            )
    error = OperationalError(str(caught.value))
    error.__cause__ = caught.value
    assert is_transient(error)
