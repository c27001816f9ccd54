"""Columns of amounts are as fine as the currency, and nobody starts on a database that was made for others."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from shutil import copy

import pytest

from native.driving.embedded import ROOT, free_ports, platform_environment

MANAGE = (sys.executable, "manage.py")
API = (sys.executable, "-m", "gunicorn", "-c", "platform/config/gunicorn.py", "-w1", "-b")
CELERY = (sys.executable, "-m", "celery", "--app", "config.celery")


def started(*command: str, database: Path, currency: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | platform_environment(database, "127.0.0.1:1")
    environment |= {"CURRENCY": currency, "PYTHONPATH": "platform", "CELERY_FOLDER": str(database.parent)}
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
    )  # fmt: skip


def declared(database: Path) -> set[str]:
    """How the columns of amounts are declared."""
    with closing(sqlite3.connect(database)) as connection:
        names = "SELECT m.name, p.name, p.type FROM sqlite_master m, pragma_table_info(m.name) p WHERE m.type = 'table'"
        return {kind for _, column, kind in connection.execute(names) if column in ("amount", "refunded_amount")}


@pytest.fixture
def in_hundredths(migrated_database: Path, tmp_path: Path) -> Path:
    return Path(copy(migrated_database, tmp_path / "platform.sqlite3"))


@pytest.fixture(scope="module")
def in_thousandths(tmp_path_factory: pytest.TempPathFactory) -> Path:
    database = tmp_path_factory.mktemp("thousandths") / "platform.sqlite3"
    assert started(*MANAGE, "migrate", "-v0", database=database, currency="KWD").returncode == 0
    return database


@pytest.mark.parametrize(
    "command",
    [
        (*MANAGE, "migrate"), (*MANAGE, "run_recorder"), (*MANAGE, "run_relay"), (*MANAGE, "run_monitor"),
        (*CELERY, "worker", "--concurrency", "1"), (*CELERY, "beat"), API,
    ],
    ids=lambda command: command[-1],
)  # fmt: skip
def test_nobody_starts_where_the_same_digits_would_be_other_amounts(
    command: tuple[str, ...], in_hundredths: Path
) -> None:
    address = [f"127.0.0.1:{free_ports(1)[0]}"] if command is API else []
    refused = started(*command, *address, database=in_hundredths, currency="KWD")
    assert refused.returncode not in (0, None)
    assert (
        "keeps amounts in hundredths, and CURRENCY=KWD needs thousandths: set CURRENCY to one of at most two decimals "
        "such as EUR, or DATABASE_URL to an empty database."
    ) in refused.stdout + refused.stderr


def test_what_was_made_for_three_decimals_is_for_those_only(in_thousandths: Path, in_hundredths: Path) -> None:
    assert (declared(in_thousandths), declared(in_hundredths)) == ({"decimal(18, 3)"}, {"decimal"})
    refused = started(*MANAGE, "migrate", database=in_thousandths, currency="EUR")
    assert "CURRENCY=EUR needs hundredths: set CURRENCY to one of three decimals such as KWD" in refused.stderr
    for database, currency in ((in_thousandths, "BHD"), (in_hundredths, "JPY")):
        taken = started(*MANAGE, "migrate", "--check", database=database, currency=currency)
        assert (taken.returncode, taken.stderr) == (0, "")
    made = started(*MANAGE, "makemigrations", "--check", "--dry-run", database=in_thousandths, currency="KWD")
    assert (made.returncode, made.stdout) == (0, "No changes detected\n")
