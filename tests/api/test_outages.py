"""While the database is away or busy, callers are told to come back; what is wrong with a query is an error of ours."""

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from shutil import copy

import pytest
from django.db import Error, IntegrityError, InterfaceError, OperationalError, connection

from api.outages import passes
from api.problems import ProblemType
from tests import embedded

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
        (OperationalError(1205, "Lock wait timeout exceeded"), True),
        (OperationalError(1040, "Too many connections"), True),
        (InterfaceError(0, ""), True),
        (OperationalError(1054, "Unknown column 'a' in 'field list'"), False),
        (IntegrityError(1062, "Duplicate entry"), False),
        (OperationalError(), False),
    ],
    ids=str,
)
def test_what_passes_by_itself_is_known_by_its_number(error: Error, expected: bool) -> None:
    assert passes(error) is expected


@pytest.mark.django_db
def test_a_query_that_sqlite_does_not_understand_will_not_pass() -> None:
    with pytest.raises(OperationalError) as caught, connection.cursor() as cursor:
        cursor.execute("SELECT * FROM no_such_table")
    assert not passes(caught.value)


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
