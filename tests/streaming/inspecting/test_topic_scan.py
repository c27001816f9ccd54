from collections.abc import Iterator

import pytest
from confluent_kafka.admin import AdminClient

from streaming import clients
from streaming.clients import Outgoing, send_all
from streaming.dead_letters import dead_letter
from streaming.inspecting.lag import begin_offsets, end_offsets
from streaming.inspecting.topic_scan import TopicScan
from streaming.log_reader import read_range, reader
from streaming.messages import Buried
from streaming.producing.publish import send_to_topics
from streaming.topics import Topic
from tests.streaming.conftest import Orders

PARTITIONS = [(Topic.TRANSACTIONS.value, number) for number in range(3)]


@pytest.fixture
def scan(kafka: AdminClient) -> Iterator[TopicScan]:
    scan = TopicScan("test-reader", [Topic.TRANSACTIONS], ["fraud"])
    yield scan
    scan.close()


def read(scan: TopicScan) -> list[str]:
    return sorted(each.record.event.order_id for some in scan.read() for each in some)


def test_reading_goes_on_where_it_ended(scan: TopicScan, orders: Orders) -> None:
    send_to_topics(orders(50))
    assert len(read(scan)) == 50
    assert read(scan) == []
    send_to_topics(orders(20, "b"))
    send_all(clients.producer(), [Outgoing(Topic.TRANSACTIONS, b"3", b"no event")])
    assert read(scan) == sorted(order.order_id for order in orders(20, "b"))
    assert read(scan) == []


def test_what_was_buried_since_it_was_read_is_known_by_the_next_reading(
    scan: TopicScan, orders: Orders, kafka: AdminClient
) -> None:
    send_to_topics(orders(1))
    assert len(read(scan)) == 1
    assert scan.buried == {}
    begins, ends = begin_offsets(kafka, PARTITIONS), end_offsets(kafka, PARTITIONS)
    (place,) = [each for each in PARTITIONS if begins[each] < ends[each]]
    consumer = reader("test-reader")
    (message,) = read_range(consumer, place, 0, ends[place])
    consumer.close()
    dead_letter.bury(clients.producer(), "fraud", [Buried(message, "late")])
    assert read(scan) == []
    assert scan.buried == {f"{place[0]}[{place[1]}]@{begins[place]}": {"fraud"}}
