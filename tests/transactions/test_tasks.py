from datetime import timedelta
from io import StringIO
from itertools import islice
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient
from django.core.management import call_command
from django.utils import timezone
from django_celery_beat.models import PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler

import events
from config.celery import app
from events import Status
from native.driving import embedded
from streaming.inspecting.lag import begin_offsets, end_offsets
from tests.records import records
from transactions.models import Transaction
from transactions.recording import record
from transactions.simulator import mock_orders
from transactions.tasks import simulate_traffic

SOME_UUID = "3f2b8f0e-0f4e-4a53-9a57-7d8c6b1f2a10"


def sent(kafka: AdminClient) -> int:
    partitions = [("transactions", number) for number in range(3)]
    begins, ends = begin_offsets(kafka, partitions), end_offsets(kafka, partitions)
    return sum(ends.values()) - sum(begins.values())


@pytest.mark.django_db
def test_an_interval_of_simulated_traffic_is_sent_at_the_set_rate(kafka: AdminClient, settings: Any) -> None:
    settings.SIMULATED_ORDERS_PER_SECOND, settings.SIMULATION_EVERY_SECONDS = 7, 3
    assert simulate_traffic() == 21
    assert sent(kafka) == 21


@pytest.mark.django_db
def test_orders_that_were_pending_for_a_while_are_decided(kafka: AdminClient) -> None:
    now = timezone.now()
    mock = [order.order_id for order in islice(mock_orders(seed=1, start=now, per_second=1), 3)]
    record(received=records(*(events.Transaction(order_id, 7, 1.0, Status.PENDING, now) for order_id in mock)))
    Transaction.objects.exclude(order_id=mock[2]).update(recorded_at=now - timedelta(minutes=1))
    simulate_traffic()
    assert list(Transaction.objects.filter(status="PENDING").values_list("order_id", flat=True)) == [mock[2]]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "order_id",
    ["A-1001", "mock-1", "mock-", "MOCK-00000000-0000-4000-8000-000000000000", SOME_UUID, f"x-mock-{SOME_UUID}"],
)
def test_nobody_elses_order_is_decided(kafka: AdminClient, order_id: str) -> None:
    record(received=records(events.Transaction(order_id, 7, 1.0, Status.PENDING, timezone.now())))
    Transaction.objects.update(recorded_at=timezone.now() - timedelta(minutes=1))
    simulate_traffic()
    assert Transaction.objects.get().status == "PENDING"


@pytest.mark.django_db
def test_no_mock_order_was_placed_after_it_was_received(kafka: AdminClient, settings: Any) -> None:
    settings.SIMULATED_ORDERS_PER_SECOND, settings.SIMULATION_EVERY_SECONDS = 5, 2
    simulate_traffic()
    call_command("run_producer", rate=20, count=5, stdout=StringIO())
    found = list(embedded.records("transactions"))
    assert len(found) == 15
    assert [record for record in found if record.event.timestamp > record.received_at] == []


# Beat's scheduler ends transactions by itself.
@pytest.mark.django_db(transaction=True)
def test_beat_knows_every_task_and_leaves_what_was_switched_off() -> None:
    DatabaseScheduler(app=app).setup_schedule()
    scheduled = PeriodicTask.objects.exclude(name__startswith="celery.")
    app.loader.import_default_modules()
    assert {task.task for task in scheduled} <= set(app.tasks)
    assert scheduled.filter(name="simulate traffic", enabled=True).exists()
    scheduled.filter(name="simulate traffic").update(enabled=False)
    DatabaseScheduler(app=app).setup_schedule()
    assert not PeriodicTask.objects.get(name="simulate traffic").enabled
