"""Other people's producers on a real broker: null keys, wrong keys, librdkafka's own partitioner."""

from typing import Any

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from django.conf import settings

from events import Transaction
from streaming import clients
from streaming.consuming import misplaced
from streaming.consuming.misplaced import at_home, leave, sender_on
from streaming.inspecting.topic_scan import TopicScan
from streaming.messages import InvalidRecords
from streaming.partitioner import Homes, home_of
from streaming.records import Batch, Record, records_of
from streaming.topics import Topic
from tests.columns import in_columns
from tests.records import batch
from tests.streaming.conftest import Orders

HOMES = Homes(lambda topic: settings.TOPIC_PARTITIONS)


def send_strangely(broker: str, orders: list[Transaction]) -> None:
    """Each order three times: without a key, under a wrong one, and under the right one placed by CRC32."""
    producer = Producer({"bootstrap.servers": broker})
    for n, order in enumerate(orders):
        for key in (None, f"shop-{n}", str(order.user_id)):
            producer.produce(Topic.TRANSACTIONS, clients.codec().encode(order), key)
    assert producer.flush(20) == 0


def everything() -> list[Record[Any]]:
    history = TopicScan("test-reader", [Topic.TRANSACTIONS], [])
    try:
        return [told.record for some in history.read() for told in some]
    finally:
        history.close()


def handled_at_home(records: list[Record[Any]], pass_on: Any) -> list[Record[Any]]:
    taken: list[Record[Any]] = []
    at_home(lambda batch: taken.extend(batch.records), HOMES, pass_on)(Batch(records))
    return taken


def test_each_order_ends_where_its_user_belongs(kafka: AdminClient, broker: str, orders: Orders) -> None:
    sent = orders(30)
    send_strangely(broker, sent)
    came = everything()
    handled_at_home(came, sender_on(clients.producer()))
    home = [each for each in everything() if home_of(each.event.user_id, settings.TOPIC_PARTITIONS) == each.partition]
    assert sorted(each.event.order_id for each in home) == sorted(3 * [order.order_id for order in sent])
    # What was sent on is read by nobody as misplaced.
    assert not [each for each in handled_at_home(everything()[len(came) :], leave) if each not in home]


def test_others_leave_what_is_misplaced_to_the_one_who_sends_it_on(orders: Orders) -> None:
    (order,) = orders(1)
    home = home_of(order.user_id, settings.TOPIC_PARTITIONS)
    right, wrong = batch(order, partition=home), batch(order, partition=(home + 1) % settings.TOPIC_PARTITIONS)
    assert handled_at_home([*right.records, *wrong.records], leave) == list(right.records)


def test_what_is_misplaced_on_a_topic_of_the_outbox_is_refused_and_the_rest_is_handled(orders: Orders) -> None:
    (order,) = orders(1)
    home = home_of(order.user_id, settings.TOPIC_PARTITIONS)
    wrong = Record(order, Topic.TRANSACTIONS_STATUS, (home + 1) % settings.TOPIC_PARTITIONS, 0, order.timestamp)
    right = Record(order, Topic.TRANSACTIONS_STATUS, home, 0, order.timestamp)
    taken: list[Record[Any]] = []
    with pytest.raises(InvalidRecords) as refused:
        at_home(lambda batch: taken.extend(batch.records), HOMES, leave)(Batch([wrong, right]))
    assert [record for record, _ in refused.value.reasons] == [wrong]
    assert taken == [right]


def test_columns_are_sent_on_as_records_are(kafka: AdminClient, broker: str, orders: Orders) -> None:
    sent = orders(30)
    send_strangely(broker, sent)
    came = in_columns(Batch(everything()))
    assert came.orders
    assert not came.records
    given: list[Batch[Any]] = []
    misplaced: list[Record[Any]] = []
    at_home(given.append, HOMES, misplaced.extend)(came)
    (home,) = given
    assert home.orders
    assert all(
        home_of(each.event.user_id, settings.TOPIC_PARTITIONS) == each.partition for each in records_of(home.orders)
    )
    assert sorted(map(str, [*records_of(home.orders), *misplaced])) == sorted(map(str, records_of(came.orders)))
    assert len(misplaced) >= 30


def test_the_cluster_says_how_many_partitions_there_are(kafka: AdminClient) -> None:
    assert misplaced.partition_count(Topic.TRANSACTIONS) == settings.TOPIC_PARTITIONS
