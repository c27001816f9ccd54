"""What would keep MySQL busy for ever is ended, by a hint in the statement itself."""

import pytest
from django.db import connection

from analytics.models import HourlyTotal
from database.time_limit import TookTooLong, time_limit

pytestmark = pytest.mark.django_db

ENDLESS = "SELECT count(*) FROM {tables} WHERE rand() < 2".format(
    tables=", ".join(f"information_schema.collations c{number}" for number in range(6))
)


def ask(sql: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def test_what_would_never_end_is_ended_and_says_what_to_do() -> None:
    with pytest.raises(TookTooLong, match=r"0\.2 seconds.*narrow it"), time_limit(0.2):
        ask(ENDLESS)


def test_the_limit_ends_with_its_block_and_stays_on_no_connection() -> None:
    with time_limit(0.001):
        pass
    assert ask("SELECT sleep(0.2), @@max_execution_time") == ((0, 0),)


def test_a_statement_of_several_selects_is_limited_too() -> None:
    rows = HourlyTotal.objects.values_list("user_id")
    with time_limit(5):
        assert list(rows.union(rows, all=True)) == []
    with pytest.raises(TookTooLong), time_limit(0.2):
        ask(f"({ENDLESS}) UNION ALL ({ENDLESS})")
