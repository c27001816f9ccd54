import os

import pytest
from confluent_kafka.admin import AdminClient
from django.db import transaction

from streaming import clients
from streaming.inspecting.lag import end_offsets
from streaming.log_reader import read_range, reader
from streaming.models import OutboxMessage
from streaming.producing import outbox
from streaming.producing.relay import relay_once
from streaming.topics import Topic
from tests.streaming.conftest import Orders

PARTITIONS = [(Topic.TRANSACTIONS.value, number) for number in range(3)]


def values_in_topic(kafka: AdminClient) -> dict[bytes, list[bytes]]:
    """The values in the topic by key, in order."""
    consumer = reader("test-reader")
    values: dict[bytes, list[bytes]] = {}
    try:
        for partition, end in end_offsets(kafka, PARTITIONS).items():
            for message in read_range(consumer, partition, 0, end):
                values.setdefault(message.key(), []).append(message.value())  # type: ignore[arg-type]
    finally:
        consumer.close()
    return values


@pytest.mark.django_db
def test_the_outbox_reaches_its_topic_byte_for_byte_and_in_order(kafka: AdminClient, orders: Orders) -> None:
    told = orders(2500)
    with transaction.atomic():
        outbox.enqueue(told)
    producer = clients.producer()
    assert [relay_once(producer) for _ in range(4)] == [1000, 1000, 500, 0]
    encode = clients.codec().encode
    expected = {str(user).encode(): [encode(order) for order in told if order.user_id == user] for user in range(10)}
    assert values_in_topic(kafka) == expected
    assert not OutboxMessage.objects.exists()


@pytest.mark.django_db
def test_a_traceparent_travels_as_a_header(kafka: AdminClient, orders: Orders) -> None:
    with transaction.atomic():
        outbox.enqueue(orders(1))
    OutboxMessage.objects.update(traceparent="00-0af7-b7ad-01")
    relay_once(clients.producer())
    consumer = reader("test-reader")
    ends = end_offsets(kafka, PARTITIONS)
    messages = [message for partition, end in ends.items() for message in read_range(consumer, partition, 0, end)]
    consumer.close()
    assert [message.headers() for message in messages] == [[("traceparent", b"00-0af7-b7ad-01")]]


@pytest.mark.django_db
def test_rows_stay_in_the_outbox_while_the_broker_refuses_them(kafka: AdminClient) -> None:
    OutboxMessage.objects.create(topic="transactions", message_key="1", payload=os.urandom(2_000_000))
    with pytest.raises(Exception, match="MSG_SIZE_TOO_LARGE"):
        relay_once(clients.producer())
    assert OutboxMessage.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_telling_needs_a_database_transaction(orders: Orders) -> None:
    with pytest.raises(RuntimeError, match="database transaction"):
        outbox.enqueue(orders(1))
