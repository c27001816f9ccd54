from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from database.deleting import delete_in_portions, delete_rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def sessions() -> QuerySet[Session]:
    """2,500 of them, the last 500 of which have expired."""
    now = timezone.now()
    Session.objects.bulk_create(
        Session(session_key=f"{n:05d}", expire_date=now + timedelta(hours=1 if n < 2000 else -1)) for n in range(2500)
    )
    return Session.objects.filter(expire_date__lt=now).order_by("expire_date")


def deletions(captured: CaptureQueriesContext) -> list[str]:
    return [query["sql"] for query in captured if query["sql"].startswith("DELETE")]


def test_all_go_and_no_others(sessions: QuerySet[Session]) -> None:
    assert delete_in_portions(sessions) == 500
    assert Session.objects.count() == 2000
    assert delete_in_portions(sessions) == 0


@pytest.mark.parametrize(("at_once", "portions"), [(100, 5), (499, 2), (501, 1)])
def test_each_portion_is_a_statement_of_its_own(sessions: QuerySet[Session], at_once: int, portions: int) -> None:
    with CaptureQueriesContext(connection) as captured:
        assert delete_in_portions(sessions, at_once=at_once) == 500
    assert len(deletions(captured)) == portions


def test_what_is_left_when_the_time_is_over_is_the_next_runs(sessions: QuerySet[Session]) -> None:
    assert delete_in_portions(sessions, seconds=0) == 0
    assert Session.objects.count() == 2500
    assert delete_in_portions(sessions) == 500


@pytest.mark.django_db(transaction=True)
def test_what_was_deleted_stays_deleted_when_a_later_portion_fails(sessions: QuerySet[Session]) -> None:
    statements = []

    def fail_at_the_third(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        statements.append(sql)
        if len([each for each in statements if each.startswith("DELETE")]) == 3:
            raise ConnectionError
        return execute(sql, params, many, context)

    with connection.execute_wrapper(fail_at_the_third), pytest.raises(ConnectionError):
        delete_in_portions(sessions, at_once=100)
    assert Session.objects.count() == 2300


def test_rows_of_these_keys_go_and_no_others(sessions: QuerySet[Session]) -> None:
    keys = [f"{n:05d}" for n in range(1, 3000, 2)]
    with CaptureQueriesContext(connection) as captured:
        delete_rows(Session, keys)
    assert len(deletions(captured)) == 2
    assert sorted(Session.objects.values_list("pk", flat=True)) == [f"{n:05d}" for n in range(0, 2500, 2)]
    delete_rows(Session, [])
