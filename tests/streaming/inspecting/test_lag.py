"""What a consumer group has not read yet, on a real broker whose transactions leave markers in the log."""

from io import StringIO

import pytest
from confluent_kafka import KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from django.core.management import CommandError, call_command

from native.driving.embedded import wait_until
from streaming import clients, topology
from streaming.inspecting.lag import end_offsets, unread
from streaming.topics import Topic

WHERE = (Topic.TRANSACTIONS.value, 0)


@pytest.fixture
def transactional(kafka: AdminClient) -> Producer:
    producer = clients.producer(**{"transactional.id": "of a test"})
    producer.init_transactions()
    return producer


def write(producer: Producer, admin: AdminClient, count: int, *, is_aborted: bool = False) -> None:
    """A transaction of so many records in one partition, and its marker."""
    begin = end_offsets(admin, [WHERE])[WHERE]
    producer.begin_transaction()
    for _ in range(count):
        producer.produce(WHERE[0], b"x", b"7", partition=WHERE[1])
    if is_aborted:
        producer.flush()
        producer.abort_transaction()
    else:
        producer.commit_transaction()
    wait_until(lambda: end_offsets(admin, [WHERE])[WHERE] == begin + count + 1, "the marker is written")


def read_all_but(admin: AdminClient, offsets: int, group: str = "recorder") -> None:
    """Commit for a group as if it had read the partition up to so many offsets before its end."""
    consumer = clients.consumer(group)
    position = TopicPartition(*WHERE, end_offsets(admin, [WHERE])[WHERE] - offsets)
    consumer.commit(offsets=[position], asynchronous=False)
    consumer.close()


def left(admin: AdminClient) -> int:
    return unread(admin, "recorder", [Topic.TRANSACTIONS])


def test_the_marker_after_the_last_record_is_not_unread(kafka: AdminClient, transactional: Producer) -> None:
    write(transactional, kafka, 5)
    read_all_but(kafka, 1)
    assert left(kafka) == 0


def test_a_record_before_a_marker_is_unread(kafka: AdminClient, transactional: Producer) -> None:
    write(transactional, kafka, 5)
    read_all_but(kafka, 2)
    assert left(kafka) > 0


def test_records_of_an_aborted_transaction_are_not_unread(kafka: AdminClient, transactional: Producer) -> None:
    write(transactional, kafka, 5)
    read_all_but(kafka, 1)
    write(transactional, kafka, 3, is_aborted=True)
    assert left(kafka) == 0


def test_a_group_that_never_committed_has_everything_unread(kafka: AdminClient, transactional: Producer) -> None:
    write(transactional, kafka, 5)
    assert left(kafka) >= 5


@pytest.mark.django_db
def test_nobody_waits_for_a_marker(kafka: AdminClient, transactional: Producer) -> None:
    write(transactional, kafka, 5)
    for group in topology.readers():
        read_all_but(kafka, 1, group)
    call_command("wait_for_workers", timeout=0, stdout=StringIO())
    read_all_but(kafka, 2)
    with pytest.raises(CommandError, match="recorder"):
        call_command("wait_for_workers", timeout=0, stdout=StringIO())


def test_a_topic_that_was_asked_for_before_it_was_made_has_offsets_once_it_is(kafka: AdminClient) -> None:
    late = ("made-late", 0)
    assert end_offsets(kafka, [WHERE]).keys() == {WHERE}
    with pytest.raises(KafkaException, match="UNKNOWN_TOPIC_OR_PART"):
        end_offsets(kafka, [WHERE, late])
    # By another client: who makes a topic may learn of it by that.
    others = AdminClient(clients.connection())
    others.create_topics([NewTopic(late[0], num_partitions=1, replication_factor=1)])[late[0]].result()
    try:
        wait_until(lambda: late[0] in others.list_topics(timeout=10).topics, "the topic is there")
        assert end_offsets(kafka, [WHERE, late])[late] == 0
    finally:
        others.delete_topics([late[0]])[late[0]].result()
