from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient
from django.core.management import CommandError, call_command
from django.utils import timezone
from django_celery_beat.models import PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler

import events
from config.celery import app
from events import Status
from streaming.lag import begin_offsets, end_offsets
from transactions.models import Transaction
from transactions.services import record
from transactions.tasks import simulate_traffic

FILE = "customer_id,date,quantity,amount\n1,1997-01-01,1,11.77\n2,1997-01-12,5,77.00\n"


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
    record(received=[events.Transaction(f"a-{n}", 7, 1.0, Status.PENDING, now) for n in range(3)])
    Transaction.objects.exclude(order_id="a-2").update(recorded_at=now - timedelta(minutes=1))
    simulate_traffic()
    assert list(Transaction.objects.filter(status="PENDING").values_list("order_id", flat=True)) == ["a-2"]


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


def test_a_file_is_replayed_also_a_compressed_one(kafka: AdminClient, tmp_path: Path) -> None:
    import gzip

    plain, packed = tmp_path / "some.csv", tmp_path / "more.csv.gz"
    plain.write_text(FILE)
    packed.write_bytes(gzip.compress(FILE.encode()))
    for file in (plain, packed):
        shown = StringIO()
        call_command("run_producer", replay=file, stdout=shown)
        assert "2 orders sent and acknowledged." in shown.getvalue()
    assert sent(kafka) == 4


def test_what_a_bad_file_holds_before_its_bad_row_is_not_half_reported(kafka: AdminClient, tmp_path: Path) -> None:
    file = tmp_path / "bad.csv"
    file.write_text(FILE + "3,never,1,1.00\n")
    with pytest.raises(CommandError, match="row 3 is no purchase"):
        call_command("run_producer", replay=file)
    with pytest.raises(CommandError, match="No such file"):
        call_command("run_producer", replay=tmp_path / "none.csv")


def test_the_producer_sends_as_many_as_it_was_told_to(kafka: AdminClient) -> None:
    shown = StringIO()
    call_command("run_producer", rate=1000, count=250, seed=1, stdout=shown)
    assert "250 orders sent and acknowledged." in shown.getvalue()
    assert sent(kafka) == 250


@pytest.mark.parametrize(
    "arguments", [["--rate", "0"], ["--rate", "-1"], ["--rate", "x"], [], ["--rate", "1", "--count", "0"]]
)
def test_the_producer_refuses_what_makes_no_sense(arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("run_producer", *arguments)
