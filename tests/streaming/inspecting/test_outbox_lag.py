"""How many rows of the outbox wait, and since when: with run_relay, and with Debezium, whose records name them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from native.driving.embedded import free_ports
from streaming import clients
from streaming.inspecting import outbox_lag
from streaming.models import OutboxMessage
from streaming.producing import outbox
from streaming.producing.relay import relay_once
from streaming.topics import Topic
from tests.streaming.conftest import Orders

pytestmark = pytest.mark.django_db
Write = Callable[..., list[OutboxMessage]]


@pytest.fixture
def write(orders: Orders) -> Write:
    """Puts so many rows into the outbox, written so many seconds ago."""

    def put(count: int, seconds_ago: float = 0) -> list[OutboxMessage]:
        with transaction.atomic():
            last = OutboxMessage.objects.aggregate(last=Max("pk"))["last"] or 0
            outbox.enqueue(orders(count))
        rows = list(OutboxMessage.objects.filter(pk__gt=last).order_by("pk"))
        written = timezone.now() - timedelta(seconds=seconds_ago)
        OutboxMessage.objects.filter(pk__in=[row.pk for row in rows]).update(created_at=written)
        return list(OutboxMessage.objects.order_by("-pk")[:count])[::-1]

    return put


@pytest.fixture
def connect(kafka: AdminClient, settings: Any) -> Iterator[Producer]:
    """Debezium in our place: a transactional producer, whose transactions leave markers in the log."""
    settings.OUTBOX_CARRIED_BY = "connect"
    outbox_lag.carried.cache_clear()
    outbox_lag.consumer.cache_clear()
    producer = clients.producer(**{"transactional.id": "as Debezium"})
    producer.init_transactions()
    yield producer
    outbox_lag.carried.cache_clear()


@contextmanager
def away(settings: Any) -> Iterator[None]:
    """Kafka cannot be reached."""
    reachable = settings.KAFKA
    settings.KAFKA = {"bootstrap.servers": f"127.0.0.1:{free_ports(1)[0]}", "log_level": 0}
    forget_clients()
    yield
    settings.KAFKA = reachable
    forget_clients()


def forget_clients() -> None:
    clients.admin.cache_clear()
    outbox_lag.consumer.cache_clear()


def carry(producer: Producer, *rows: OutboxMessage) -> None:
    """Bring rows to their topic as Debezium's event router does, in one transaction."""
    producer.begin_transaction()
    for row in rows:
        headers = [("id", str(row.pk).encode())]
        producer.produce(row.topic, bytes(row.payload), row.message_key.encode(), headers=list(headers))
    producer.commit_transaction()


def figures() -> dict[str, float]:
    return {sample.name: sample.value for metric in outbox_lag.outbox() for sample in metric.samples}


def test_rows_wait_until_the_relay_has_sent_them(kafka: AdminClient, write: Write) -> None:
    write(3, seconds_ago=9000)
    write(2)
    assert figures()["platform_outbox_waiting_rows"] == 5
    assert 9000 <= figures()["platform_outbox_oldest_seconds"] < 18_000
    relay_once(clients.producer())
    assert figures() == {"platform_outbox_waiting_rows": 0, "platform_outbox_oldest_seconds": 0}


def test_however_many_wait_no_more_are_counted_than_say_enough() -> None:
    most = outbox_lag.COUNTED_AT_MOST
    waiting = (OutboxMessage(topic="transactions", message_key="1", payload=b"x") for _ in range(most + 50))
    OutboxMessage.objects.bulk_create(waiting)
    second = OutboxMessage.objects.order_by("pk")[1]
    OutboxMessage.objects.filter(pk=second.pk).update(created_at=timezone.now() - timedelta(seconds=9000))
    assert figures()["platform_outbox_waiting_rows"] == most
    assert 9000 <= figures()["platform_outbox_oldest_seconds"] < 18_000


def test_rows_that_connect_has_carried_stay_and_wait_no_more(connect: Producer, write: Write) -> None:
    rows = write(4, seconds_ago=9000)
    assert figures()["platform_outbox_waiting_rows"] == 4
    carry(connect, *rows[:3])
    assert figures()["platform_outbox_waiting_rows"] == 1
    assert 9000 <= figures()["platform_outbox_oldest_seconds"] < 18_000
    carry(connect, rows[3])
    assert figures() == {"platform_outbox_waiting_rows": 0, "platform_outbox_oldest_seconds": 0}
    assert OutboxMessage.objects.count() == 4


def test_an_empty_outbox_and_empty_topics_wait_for_nothing(connect: Producer) -> None:
    assert figures() == {"platform_outbox_waiting_rows": 0, "platform_outbox_oldest_seconds": 0}


def test_a_row_that_was_carried_before_smaller_ids_is_found(connect: Producer, write: Write) -> None:
    rows = write(200, seconds_ago=20)
    carry(connect, rows[-1])
    # A transaction that had begun earlier, and ended later, fills the ends of all partitions.
    carry(connect, *rows[:-1])
    assert figures()["platform_outbox_waiting_rows"] == 0


def test_records_that_came_without_an_outbox_say_nothing(connect: Producer, write: Write) -> None:
    carry(connect, *write(1, seconds_ago=20))
    connect.begin_transaction()
    for number in range(200):
        connect.produce(Topic.TRANSACTIONS, b"x", str(number).encode(), headers=[("id", b"none")])
    connect.commit_transaction()
    assert figures()["platform_outbox_waiting_rows"] == 0


def test_what_was_aborted_has_not_come(connect: Producer, write: Write) -> None:
    (row,) = write(1, seconds_ago=30)
    connect.begin_transaction()
    connect.produce(row.topic, bytes(row.payload), row.message_key.encode(), headers=[("id", str(row.pk).encode())])
    connect.flush()
    connect.abort_transaction()
    assert figures()["platform_outbox_waiting_rows"] == 1


def test_while_kafka_is_away_what_was_known_counts(connect: Producer, write: Write, settings: Any) -> None:
    carry(connect, *write(2))
    assert figures()["platform_outbox_waiting_rows"] == 0
    write(1, seconds_ago=5)
    with away(settings):
        assert figures()["platform_outbox_waiting_rows"] == 1


def test_nothing_is_claimed_before_kafka_has_answered_once(connect: Producer, write: Write, settings: Any) -> None:
    write(1)
    with away(settings):
        assert figures() == {}
