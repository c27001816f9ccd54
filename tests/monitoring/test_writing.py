"""A database that answers, but takes no changes, is down. On a database file, with the API as gunicorn serves it."""

import json
import sqlite3
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from native.driving.embedded import wait_until
from tests.survival.test_slow_clients import Api, api

NO_CHANGES = "takes no changes"


@pytest.fixture
def served(migrated_database: Path, tmp_path: Path) -> Iterator[Api]:
    with api(migrated_database, tmp_path, (), {}) as running:
        yield running


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "platform.sqlite3"


def ready(served: Api) -> tuple[int, dict[str, Any]]:
    """Status of `/health/ready`, and what it says of the database."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{served.port}/health/ready", timeout=60) as answer:
            status, body = answer.status, answer.read()
    except urllib.error.HTTPError as error:
        status, body = error.code, error.read()
    return status, json.loads(body)["parts"][0]


def is_down(served: Api) -> bool:
    return ready(served)[0] == 503


def is_up(served: Api) -> bool:
    return ready(served)[0] == 200


def test_a_lock_that_nobody_lets_go_is_down_until_it_is_let_go(served: Api, file: Path) -> None:
    assert is_up(served)
    with closing(sqlite3.connect(file, isolation_level=None)) as holding:
        holding.execute("BEGIN IMMEDIATE")
        wait_until(lambda: is_down(served) and NO_CHANGES in ready(served)[1]["why"], "it is down, and says why", 60)
        holding.execute("ROLLBACK")
        wait_until(lambda: is_up(served), "it is up again", 60)


def test_asking_leaves_nothing_behind(served: Api, file: Path) -> None:
    assert is_up(served)
    with closing(sqlite3.connect(file)) as looking:
        assert looking.execute("SELECT COUNT(*) FROM django_session").fetchone() == (0,)
