import pytest
from django.db import OperationalError, connection

from database.time_limit import TookTooLong, time_limit
from tests.databases import sqlite_only

ENDLESS = "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers) SELECT count(*) FROM numbers"
MANY_STEPS = ENDLESS.replace("FROM numbers)", "FROM numbers WHERE n < 300000)")

pytestmark = [pytest.mark.django_db, sqlite_only("tests/stack/test_time_limit.py does so on MySQL")]


def ask(sql: str) -> object:
    with connection.cursor() as cursor:
        return cursor.execute(sql).fetchall()


def ask_for_ever(sql: str) -> None:
    while True:
        ask(sql)


def test_what_would_never_end_is_ended_and_says_what_to_do() -> None:
    with pytest.raises(TookTooLong, match=r"0\.05 seconds.*narrow it"), time_limit(0.05):
        ask(ENDLESS)


def test_all_that_is_asked_within_one_limit_counts_together() -> None:
    with pytest.raises(TookTooLong), time_limit(0.05):
        ask_for_ever(MANY_STEPS)


def test_the_limit_ends_with_its_block() -> None:
    with time_limit(0.001):
        pass
    assert ask(MANY_STEPS) == [(300_000,)]


def test_an_outer_limit_holds_within_an_inner_one() -> None:
    with pytest.raises(TookTooLong, match=r"0\.05 seconds"), time_limit(0.05), time_limit(60):
        ask(ENDLESS)


def test_another_error_stays_what_it_is() -> None:
    with pytest.raises(OperationalError, match="no such table"), time_limit(1):
        ask("SELECT * FROM nowhere")
