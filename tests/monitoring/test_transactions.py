"""A producer of somebody's that holds a transaction open, on a real broker."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from prometheus_client import CollectorRegistry, generate_latest

from monitoring.exporter import Exporter
from monitoring.observation import GroupStatus, Observation
from monitoring.observer import Observer
from monitoring.reasons import PartitionVerdict, Reason, Verdict
from native.driving.embedded import wait_until
from native.driving.scraping import Scrape
from streaming import clients
from streaming.inspecting.lag import end_offsets, unread
from streaming.topics import Topic
from tests.conftest import ClientAs
from tests.monitoring.test_kafka import group, member, write

pytestmark = pytest.mark.django_db
HELD = ("transactions", 1)


@pytest.fixture
def foreign(kafka: AdminClient, broker: str) -> Iterator[Producer]:
    """A transactional producer that knows nothing of the platform; its transaction holds one record of partition 1."""
    producer = Producer({"bootstrap.servers": broker, "transactional.id": "somebody's", "log_level": 0})
    producer.init_transactions(30)
    producer.begin_transaction()
    producer.produce("transactions", b"x", b"7", partition=1)
    assert producer.flush(30) == 0
    yield producer
    producer.abort_transaction(30)


@pytest.fixture
def read_to_where_it_can(kafka: AdminClient) -> Iterator[None]:
    """The group `fraud` is alive and has read all that it is given, before the transaction began."""
    write(30)
    with member("fraud") as consumer:
        ends = end_offsets(kafka, [("transactions", number) for number in range(3)])
        at_end = [TopicPartition(*each, end) for each, end in ends.items()]
        consumer.commit(offsets=at_end, asynchronous=False)
        yield


def look(observer: Observer | None = None) -> GroupStatus:
    seen = (observer or Observer()).observe()
    assert isinstance(seen, Observation)
    return next(each for each in seen.groups if each.group.name == "fraud")


@pytest.mark.usefixtures("read_to_where_it_can", "foreign")
def test_what_stands_behind_an_open_transaction_waits_and_says_since_when(client_as: ClientAs) -> None:
    write(30)
    fraud = group(client_as, "fraud")
    held = next(each for each in fraud["partitions"] if each["partition"] == 1)
    assert held["verdict"] == "HELD"
    assert held["held"] == held["lag"] == held["end_offset"] - held["committed"] > 1
    assert held["lag_seconds"] >= 0
    assert fraud["lag"] == 31


def only_held(kafka: AdminClient) -> None:
    """The group reads on to the end of the other partitions."""
    ends = end_offsets(kafka, [("transactions", 0), ("transactions", 2)])
    consumer = clients.consumer("fraud")
    consumer.commit(offsets=[TopicPartition(*each, end) for each, end in ends.items()], asynchronous=False)


@pytest.mark.usefixtures("read_to_where_it_can", "foreign")
def test_an_open_transaction_is_a_verdict_of_its_own(client_as: ClientAs) -> None:
    answer = group(client_as, "fraud")
    assert (answer["reason"], answer["lag"]) == ("OPEN_TRANSACTION", 1)
    assert "1 record waits behind a transaction" in answer["detail"]
    assert "transactions[1] since " in answer["detail"]


@pytest.mark.usefixtures("read_to_where_it_can")
def test_a_transaction_that_ends_is_read(foreign: Producer, kafka: AdminClient) -> None:
    assert look().judgement.reason is Reason.OPEN_TRANSACTION
    assert unread(kafka, "fraud", [Topic.TRANSACTIONS]) == 1
    foreign.commit_transaction(30)
    wait_until(lambda: look().judgement.reason is not Reason.OPEN_TRANSACTION, "its record may be read", 10)
    assert look().verdict_of(HELD) is not PartitionVerdict.HELD
    foreign.begin_transaction()


@pytest.mark.usefixtures("read_to_where_it_can", "foreign")
def test_it_is_open_since_its_first_record_came_also_for_a_monitor_that_starts_later() -> None:
    def since(observer: Observer) -> Any:
        seen = observer.observe()
        assert isinstance(seen, Observation)
        return next(each.open_since for each in seen.cluster.partitions if (each.topic, each.number) == HELD)

    moments: list[Any] = []

    def is_read_in_time() -> bool:
        moments[:] = [since(Observer()), since(Observer())]
        return bool(moments[0] == moments[1])

    wait_until(is_read_in_time, "both monitors read when the record came", 20)
    assert moments[0] is not None


@pytest.mark.usefixtures("read_to_where_it_can", "foreign")
def test_prometheus_is_told_how_long_it_is_open() -> None:
    exporter = Exporter(Observer())

    def told() -> Scrape:
        exporter.observe()
        registry = CollectorRegistry()
        registry.register(exporter)
        return Scrape(generate_latest(registry).decode())

    name = "kafka_topic_partition_open_transaction_seconds"
    wait_until(lambda: told().value(name, topic="transactions", partition="1") > 0, "it is told", 10)
    assert told().value(name, topic="transactions", partition="0") == 0
    assert told().value("kafka_consumergroup_lag_sum", consumergroup="fraud") == 1


@pytest.mark.usefixtures("read_to_where_it_can", "foreign")
def test_a_stall_in_another_partition_is_told_before(kafka: AdminClient) -> None:
    write(30)
    observer = Observer(window=timedelta(seconds=1))
    wait_until(lambda: look(observer).judgement.reason is Reason.STALLED, "the other partitions stall", 10)
    assert look(observer).judgement.verdict is Verdict.ERR
