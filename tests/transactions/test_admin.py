from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
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
