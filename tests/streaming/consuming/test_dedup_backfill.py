import pytest
from confluent_kafka.admin import AdminClient
from django.conf import settings

from streaming import clients
from streaming.clients import Outgoing, send_all
from streaming.consuming.dedup_backfill import AppliedLog, LogIsShorter
from streaming.dead_letters import dead_letter
from streaming.dead_letters.addresses import address
from streaming.inspecting.lag import begin_offsets, end_offsets
from streaming.log_reader import read_range, reader
from streaming.messages import Buried
from streaming.topics import Topic
from tests.streaming.conftest import Orders

PARTITIONS = [(Topic.TRANSACTIONS.value, number) for number in range(settings.TOPIC_PARTITIONS)]
KEY = b"7"


def send(*records: tuple[bytes, str | None]) -> None:
    """Values under one key, so that they share a partition; with the groups that each was redriven for, if any."""
    send_all(
        clients.producer(),
        [
            Outgoing(
                Topic.TRANSACTIONS, KEY, value, address(Topic.TRANSACTIONS, KEY, value, [groups]) if groups else []
            )
            for value, groups in records
        ],
    )


def filled(kafka: AdminClient) -> tuple[tuple[str, int], int, int]:
    """The partition that holds records, its beginning and its end."""
    begins, ends = begin_offsets(kafka, PARTITIONS), end_offsets(kafka, PARTITIONS)
    (partition,) = [each for each in PARTITIONS if begins[each] < ends[each]]
    return partition, begins[partition], ends[partition]


def test_the_last_events_before_an_offset_come_back_oldest_first(kafka: AdminClient, orders: Orders) -> None:
    encode = clients.codec().encode
    send(*[(encode(order), None) for order in orders(100)])
    partition, begin, end = filled(kafka)
    log = AppliedLog("under-test")
    assert list(log.read_back(partition, 0, end)) == [(f"a-{n} {n % 10}", begin + n) for n in range(100)]
    assert list(log.read_back(partition, begin + 50, begin + 60)) == [
        (f"a-{n} {n % 10}", begin + n) for n in range(50, 60)
    ]


def test_what_was_buried_or_passed_over_was_not_applied(kafka: AdminClient, orders: Orders) -> None:
    encode = clients.codec().encode
    counted, others, buried_here, buried_elsewhere = map(encode, orders(4))
    send((counted, None), (others, "recorder"), (buried_here, None), (b"no Avro", None), (buried_elsewhere, None))
    partition, begin, end = filled(kafka)
    consumer = reader("test-reader")
    messages = list(read_range(consumer, partition, begin, end))
    consumer.close()
    producer = clients.producer()
    dead_letter.bury(producer, "under-test", [Buried(messages[2], "not readable then"), Buried(messages[3], "bad")])
    dead_letter.bury(producer, "another", [Buried(messages[4], "not readable for others")])
    assert [identity for identity, _ in AppliedLog("under-test").read_back(partition, 0, end)] == ["a-0 0", "a-3 3"]


def test_markers_of_transactions_do_not_let_events_appear_applied_that_come_later(
    kafka: AdminClient, orders: Orders
) -> None:
    producer = clients.producer(**{"transactional.id": "under-test"})
    producer.init_transactions()
    for order in orders(20):
        # Each transaction leaves a marker behind, as Debezium's do.
        producer.begin_transaction()
        producer.produce(Topic.TRANSACTIONS, clients.codec().encode(order), KEY)
        producer.commit_transaction()
    partition, begin, _ = filled(kafka)
    applied = list(AppliedLog("under-test").read_back(partition, 0, begin + 21))
    assert applied == [(f"a-{n} {n % 10}", begin + 2 * n) for n in range(11)]


def test_a_topic_made_anew_is_noticed(kafka: AdminClient, orders: Orders) -> None:
    send((clients.codec().encode(orders(1)[0]), None))
    partition, _, end = filled(kafka)
    with pytest.raises(LogIsShorter, match="was made anew"):
        list(AppliedLog("under-test").read_back(partition, 0, end + 1))


def test_a_topic_made_anew_is_noticed_where_nothing_has_to_be_read_back(kafka: AdminClient, orders: Orders) -> None:
    send((clients.codec().encode(orders(1)[0]), None))
    partition, _, end = filled(kafka)
    log = AppliedLog("under-test")
    log.check(partition, end)
    with pytest.raises(LogIsShorter, match="was made anew"):
        log.check(partition, end + 1)
