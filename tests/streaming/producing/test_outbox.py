from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone

from streaming.models import OutboxMessage
from streaming.producing import outbox
from streaming.tasks import purge_outbox
from tests.streaming.conftest import Orders


@pytest.mark.django_db
def test_rows_that_debezium_carried_long_ago_are_deleted(settings: Any, orders: Orders) -> None:
    settings.OUTBOX_CARRIED_BY = "connect"
    with transaction.atomic():
        old, new = outbox.enqueue(orders(2))
    OutboxMessage.objects.filter(pk=old.pk).update(
        created_at=timezone.now() - settings.OUTBOX_KEPT - timedelta(hours=1)
    )
    assert purge_outbox() == 1
    assert list(OutboxMessage.objects.all()) == [new]


@pytest.mark.django_db
def test_no_row_that_waits_for_the_relay_is_deleted(settings: Any, orders: Orders) -> None:
    with transaction.atomic():
        (row,) = outbox.enqueue(orders(1))
    OutboxMessage.objects.filter(pk=row.pk).update(created_at=timezone.now() - timedelta(days=365))
    assert purge_outbox() == 0
    assert OutboxMessage.objects.exists()


def test_the_relay_does_not_start_beside_debezium(settings: Any) -> None:
    settings.OUTBOX_CARRIED_BY = "connect"
    with pytest.raises(CommandError, match="a second time"):
        call_command("run_relay")
