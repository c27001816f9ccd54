import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from transactions.models import Transaction

LIST = "/admin/transactions/transaction/"


@pytest.fixture
def superusers(admin_client: Client) -> Client:
    return admin_client


@pytest.fixture
def row(db: None) -> Transaction:
    moment = datetime(2026, 3, 1, 12, tzinfo=UTC)
    facts: dict[str, Any] = {"status": "SUCCESS", "kind": "ORDER", "timestamp": moment}
    return Transaction.objects.create(order_id="order-1", user_id=7, amount="1234.50", **facts)


@pytest.fixture
def task(db: None) -> PeriodicTask:
    every = IntervalSchedule.objects.create(every=2, period=IntervalSchedule.SECONDS)
    return PeriodicTask.objects.create(name="simulate traffic", task="transactions.tasks.simulate", interval=every)


def test_transactions_are_found_by_order_and_user(superusers: Client, row: Transaction) -> None:
    for query, found in {"order-1": [row], "7": [row], "order": [], "8": []}.items():
        assert list(superusers.get(f"{LIST}?q={query}").context["cl"].result_list) == found, query
    assert "1,234.50" in superusers.get(LIST).content.decode()


def test_digits_are_an_order_id_where_there_is_such_an_order_and_else_a_user(
    superusers: Client, row: Transaction
) -> None:
    facts: dict[str, Any] = {"amount": 1, "status": "SUCCESS", "kind": "ORDER", "timestamp": row.timestamp}
    assert list(superusers.get(f"{LIST}?q=7").context["cl"].result_list) == [row]
    other = Transaction.objects.create(order_id="7", user_id=8, **facts)
    assert list(superusers.get(f"{LIST}?q=7").context["cl"].result_list) == [other]
    assert list(superusers.get(f"{LIST}?q={'9' * 50}").context["cl"].result_list) == []


def test_what_pages_before_hold_is_passed_over_in_the_index_alone(superusers: Client) -> None:
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    facts: dict[str, Any] = {"user_id": 7, "amount": 1, "status": "SUCCESS", "kind": "ORDER"}
    ordered = [
        Transaction.objects.create(order_id=f"a-{number}", timestamp=noon - timedelta(minutes=number), **facts)
        for number in range(60)
    ]
    assert list(superusers.get(LIST).context["cl"].result_list) == ordered[:25]
    assert list(superusers.get(f"{LIST}?p=3").context["cl"].result_list) == ordered[50:]
    with CaptureQueriesContext(connection) as asked:
        assert list(superusers.get(f"{LIST}?p=2").context["cl"].result_list) == ordered[25:50]
    skipping = [each["sql"] for each in asked if "OFFSET 25" in each["sql"]]
    assert [sql.split(" FROM ")[0] for sql in skipping] == ['SELECT "transactions"."id" AS "pk"']


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["a-3", "a-2", "a-1", "a-0"]),
        ("o=-5", ["a-3", "a-2", "a-1", "a-0"]),
        ("o=5", ["a-0", "a-1", "a-2", "a-3"]),
        ("o=2", ["a-2", "a-0", "a-1", "a-3"]),
        ("o=-2", ["a-3", "a-1", "a-0", "a-2"]),
        ("o=1", ["a-3", "a-2", "a-1", "a-0"]),
        ("status__exact=FAILED", ["a-3", "a-1"]),
        ("kind__exact=REFUND", ["a-2"]),
        ("amount_from=1", ["a-3", "a-1", "a-0"]),
        ("amount_to=5&status__exact=FAILED", ["a-1"]),
        ("q=1&status__exact=SUCCESS", ["a-2", "a-0"]),
        ("q=1&o=2", ["a-2", "a-0", "a-1"]),
    ],
)
def test_the_list_is_filtered_and_sorted_by_what_an_index_has(superusers: Client, query: str, found: list[str]) -> None:
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    for number, amount in enumerate((2, 5, -3, 9)):
        Transaction.objects.create(
            order_id=f"a-{number}",
            user_id=number // 3 + 1,
            amount=amount,
            status="FAILED" if number % 2 else "SUCCESS",
            kind="REFUND" if amount < 0 else "ORDER",
            timestamp=noon + timedelta(minutes=number),
        )
    rows = superusers.get(f"{LIST}?{query}").context["cl"].result_list
    assert [row.order_id for row in rows] == found


def test_a_list_that_takes_too_long_says_to_narrow_it(
    superusers: Client, row: Transaction, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("database.time_limit.STEPS", 1)
    settings.QUERY_SECONDS = 0
    answer = superusers.get(f"{LIST}?amount_from=1")
    assert answer.status_code == 400
    assert "narrow it, best by user or by time" in answer.content.decode()


def test_nobody_changes_a_transaction_here(superusers: Client, row: Transaction) -> None:
    page = f"{LIST}{row.pk}/change/"
    assert superusers.get(page).status_code == 200
    assert superusers.post(page, {"amount": "1"}).status_code == 403
    assert superusers.post(f"{LIST}{row.pk}/delete/", {"post": "yes"}).status_code == 403


def test_a_superuser_switches_scheduled_tasks_off_and_on(superusers: Client, task: PeriodicTask) -> None:
    tasks = reverse("admin:django_celery_beat_periodictask_changelist")
    for action, enabled in (("disable_tasks", False), ("enable_tasks", True)):
        superusers.post(tasks, {"action": action, "_selected_action": [task.pk]})
        task.refresh_from_db()
        assert task.enabled == enabled


def test_a_scheduled_tasks_page_opens(superusers: Client, task: PeriodicTask) -> None:
    page = superusers.get(reverse("admin:django_celery_beat_periodictask_change", args=[task.pk]))
    assert page.status_code == 200


def test_the_list_says_no_number_of_rows_that_nobody_counted(superusers: Client, row: Transaction) -> None:
    page = superusers.get(f"{LIST}?user_id=7").content.decode()
    assert not re.search(r"\d results?\b", page)
    assert "9999" not in page
