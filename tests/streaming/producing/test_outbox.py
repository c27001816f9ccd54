from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from streaming.models import OutboxMessage
from streaming.producing import outbox
from streaming.producing.outbox_purge import purge
from streaming.tasks import purge_outbox
from tests.streaming.conftest import Orders


@pytest.mark.django_db
def test_rows_that_debezium_carried_long_ago_are_deleted(settings: Any, orders: Orders) -> None:
    settings.OUTBOX_CARRIED_BY = "connect"
    with transaction.atomic():
        outbox.enqueue(orders(2))
    old, new = OutboxMessage.objects.order_by("pk")
    OutboxMessage.objects.filter(pk=old.pk).update(
        created_at=timezone.now() - settings.OUTBOX_KEPT - timedelta(hours=1)
    )
    assert purge_outbox() == 1
    assert list(OutboxMessage.objects.all()) == [new]


@pytest.mark.django_db
def test_no_row_that_waits_for_the_relay_is_deleted(settings: Any, orders: Orders) -> None:
    with transaction.atomic():
        outbox.enqueue(orders(1))
    (row,) = OutboxMessage.objects.all()
    OutboxMessage.objects.filter(pk=row.pk).update(created_at=timezone.now() - timedelta(days=365))
    assert purge_outbox() == 0
    assert OutboxMessage.objects.exists()


def written(*days_ago: float) -> list[OutboxMessage]:
    """Rows in the order of their ids, written so many days ago."""
    rows = [OutboxMessage(topic="transactions", message_key="1", payload=b"x") for _ in days_ago]
    OutboxMessage.objects.bulk_create(rows)
    kept = list(OutboxMessage.objects.order_by("pk"))
    for row, days in zip(kept, days_ago, strict=True):
        row.created_at = timezone.now() - timedelta(days=days)
    OutboxMessage.objects.bulk_update(kept, ["created_at"])
    return kept


def purged(at_once: int, seconds: float = 60) -> int:
    return purge(written_before=timezone.now() - timedelta(days=1), at_once=at_once, seconds=seconds)


@pytest.mark.django_db
@pytest.mark.parametrize("at_once", [1, 7, 10, 1000])
def test_old_rows_go_in_portions_whatever_their_size(at_once: int) -> None:
    rows = written(*[2] * 10, *[0.5] * 5)
    with CaptureQueriesContext(connection) as captured:
        assert purged(at_once) == 10
    assert list(OutboxMessage.objects.order_by("pk")) == rows[10:]
    assert len([query for query in captured if query["sql"].startswith("DELETE")]) == -(-10 // at_once)


@pytest.mark.django_db
def test_rows_of_clocks_that_differ_are_judged_each_by_its_own_time() -> None:
    rows = written(1.1, 0.99, 1.2, 0.98, 1.01, 0.5)
    assert purged(at_once=2) == 3
    assert list(OutboxMessage.objects.order_by("pk")) == [rows[1], rows[3], rows[5]]


@pytest.mark.django_db
def test_rows_of_a_clock_that_was_far_ahead_hide_none_that_are_old() -> None:
    rows = written(*[-400] * 5, 2, 2, 0.5)
    assert purged(at_once=2) == 2
    assert list(OutboxMessage.objects.order_by("pk")) == [*rows[:5], rows[7]]


@pytest.mark.django_db
def test_where_young_rows_begin_nothing_more_is_read() -> None:
    written(2, *[0.5] * 100)
    with CaptureQueriesContext(connection) as captured:
        assert purged(at_once=10) == 1
    assert len([query for query in captured if query["sql"].startswith("SELECT")]) == 2


@pytest.mark.django_db
def test_a_purge_ends_when_its_time_is_over() -> None:
    written(2, 2)
    assert purged(at_once=1, seconds=0) == 0
    assert purged(at_once=1) == 2


def test_the_relay_does_not_start_beside_debezium(settings: Any) -> None:
    settings.OUTBOX_CARRIED_BY = "connect"
    with pytest.raises(CommandError, match="a second time"):
        call_command("run_relay")
