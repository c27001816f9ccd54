import os
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import DataError
from pytest_django import DjangoAssertNumQueries

from analytics.models import HourlyTotal
from analytics.services import add_to_hourly_totals
from analytics.windows import Sums, UserHour

TWO = datetime(2026, 11, 22, 14, tzinfo=UTC)


def stored() -> dict[UserHour, Sums]:
    return {
        (row.user_id, row.hour): Sums(
            row.total_cents, row.transaction_count, row.settled_cents, row.failed_cents, row.refunded_cents
        )
        for row in HourlyTotal.objects.all()
    }


@pytest.mark.django_db
def test_missing_rows_are_made_and_present_ones_added_to() -> None:
    add_to_hourly_totals(totals={(7, TWO): Sums(1, 2, 3, 4, 5)})
    add_to_hourly_totals(totals={(7, TWO): Sums(-10, 20, 30, 40, 50), (8, TWO): Sums(100)})
    assert stored() == {(7, TWO): Sums(-9, 22, 33, 44, 55), (8, TWO): Sums(100)}


@pytest.mark.django_db
def test_nothing_to_add_writes_nothing() -> None:
    add_to_hourly_totals(totals={})
    assert stored() == {}


@pytest.mark.django_db
def test_cents_beyond_what_a_double_holds_stay_exact() -> None:
    add_to_hourly_totals(totals={(7, TWO): Sums(2**53)})
    add_to_hourly_totals(totals={(7, TWO): Sums(1)})
    assert stored()[7, TWO].total_cents == 2**53 + 1


@pytest.mark.django_db
def test_a_thousand_rows_are_added_in_one_statement_and_their_hours_in_another(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    totals = {(user, TWO + timedelta(hours=user % 50)): Sums(user, 1) for user in range(1000)}
    begin_and_end = 2
    with django_assert_num_queries(1 + 1 + begin_and_end):
        add_to_hourly_totals(totals=totals)
    add_to_hourly_totals(totals=totals)
    assert stored() == {key: Sums(2 * sums.total_cents, 2) for key, sums in totals.items()}


MAKE_TABLE = """
import django
django.setup()
from django.db import connection
from analytics.models import HourlyTotal, ShopHour
with connection.schema_editor() as editor:
    editor.create_model(HourlyTotal)
    editor.create_model(ShopHour)
"""
ADD = """
import django
django.setup()
from datetime import UTC, datetime
from analytics.services import add_to_hourly_totals
from analytics.windows import Sums
two = datetime(2026, 11, 22, 14, tzinfo=UTC)
for _ in range(20):
    add_to_hourly_totals(totals={(user, two): Sums(1, 1) for user in range(50)})
"""


def test_processes_adding_to_the_same_rows_lose_nothing(tmp_path: Path) -> None:
    environment = os.environ | {
        "DATABASE_URL": f"sqlite:///{tmp_path / 'totals.sqlite3'}",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONPATH": "platform",
    }

    def start(script: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-c", script], env=environment, cwd=settings.BASE_DIR)

    (tmp_path / "totals.sqlite3").touch()  # nobody but `migrate` makes a database
    assert start(MAKE_TABLE).wait(60) == 0
    workers = [start(ADD) for _ in range(3)]
    assert [worker.wait(60) for worker in workers] == [0, 0, 0]
    read = "SELECT user_id, total_cents, transaction_count FROM analytics_hourlytotal ORDER BY user_id"
    assert rows_of(tmp_path / "totals.sqlite3", read) == [(user, 60, 60) for user in range(50)]
    of_all = "SELECT total_cents, transaction_count FROM analytics_shophour"
    assert rows_of(tmp_path / "totals.sqlite3", of_all) == [(3000, 3000)]


def rows_of(database: Path, query: str) -> list[tuple[int, ...]]:
    return sqlite3.connect(database).execute(query).fetchall()


@pytest.mark.django_db
def test_what_cannot_be_added_whole_is_not_added_in_part() -> None:
    refused = {(2**63, TWO): Sums(1)}
    with pytest.raises((OverflowError, DataError)):  # SQLite's driver says one, MySQL the other
        add_to_hourly_totals(totals={(user, TWO): Sums(1) for user in range(150)} | refused)
    assert stored() == {}
