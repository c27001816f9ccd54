"""What would keep MySQL busy for ever is ended, by a hint in the statement itself."""

from threading import Event, Thread

import pytest
from django.db import OperationalError, connection

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


@pytest.mark.django_db(transaction=True)
def test_who_waits_for_a_locked_table_is_told_of_the_lock_and_not_to_narrow() -> None:
    locked, done = Event(), Event()

    def lock() -> None:
        ask("LOCK TABLES analytics_hourlytotal WRITE")
        locked.set()
        done.wait(30)
        ask("UNLOCK TABLES")
        connection.close()

    holder = Thread(target=lock)
    holder.start()
    try:
        assert locked.wait(30)
        with pytest.raises(OperationalError, match="1205"), time_limit(5):
            ask("SELECT count(*) FROM analytics_hourlytotal")
    finally:
        done.set()
        holder.join()
