from collections.abc import Callable
from itertools import permutations
from typing import Any

import pytest

import events
from fraud import consumers
from fraud.management.commands.run_consumer import Command
from fraud.models import FraudAlert
from streaming.models import OutboxMessage
from streaming.records import Batch, Record
from streaming.topics import Topic
from tests.columns import in_columns

Order = Callable[..., events.Transaction]


Told = Callable[..., Batch[Any]]


@pytest.fixture(params=[lambda batch: batch, in_columns], ids=["row by row", "in columns"])
def batch(request: pytest.FixtureRequest) -> Told:
    return lambda *received, **place: request.param(told(*received, **place))


def told(*received: events.Transaction, first_offset: int = 0) -> Batch[Any]:
    return Batch(
        [
            Record(event, Topic.TRANSACTIONS, 0, offset, event.timestamp)
            for offset, event in enumerate(received, first_offset)
        ]
    )


@pytest.mark.django_db
def test_a_redelivered_batch_raises_its_alerts_once(make_order: Order, batch: Told) -> None:
    received = batch(make_order("order-1"), make_order("order-2", 10_000_000), make_order("order-3"))
    consumers.detect_fraud(received)
    consumers.detect_fraud(received)
    assert list(FraudAlert.objects.order_by("pk").values_list("order_id", flat=True)) == ["order-1", "order-3"]
    assert OutboxMessage.objects.count() == 2


@pytest.mark.django_db
def test_an_order_sent_again_raises_no_second_alert(make_order: Order, batch: Told) -> None:
    consumers.detect_fraud(batch(make_order("order-1")))
    consumers.detect_fraud(batch(make_order("order-1"), first_offset=1))
    assert FraudAlert.objects.count() == OutboxMessage.objects.count() == 1


@pytest.mark.django_db
def test_refunds_raise_no_alert(make_order: Order, batch: Told) -> None:
    consumers.detect_fraud(batch(make_order("refund-order-1", -20_000_000)))
    assert not FraudAlert.objects.exists()


@pytest.mark.django_db
def test_of_two_tellings_the_first_raises_the_alert_however_they_were_read(make_order: Order) -> None:
    first, second = make_order("order-1", 20_000_000), make_order("order-1", 30_000_000)
    both = told(first, second)
    for one, other in permutations(both.records):
        FraudAlert.objects.all().delete()
        consumers.detect_fraud(Batch([one], in_columns(Batch([other])).orders))
        assert FraudAlert.objects.get().amount == 20_000_000


def test_the_worker_watches_the_transactions() -> None:
    topics = (Topic.TRANSACTIONS, Topic.TRANSACTIONS_CORRECTIONS)
    command = Command()
    assert (command.group, command.topics, command.handler()) == ("fraud", topics, consumers.detect_fraud)
