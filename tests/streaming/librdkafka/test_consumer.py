"""What librdkafka's C functions give, beside what confluent-kafka makes of the same records on a real broker."""

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psutil
import pytest
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from django.core.exceptions import ImproperlyConfigured

from events import Transaction
from native.driving.embedded import wait_until
from streaming import clients
from streaming.consuming import column_reading
from streaming.decoding import decode
from streaming.librdkafka.consumer import BareConsumer, text_of
from streaming.librdkafka.functions import FFI, NotUsable, library, text
from streaming.librdkafka.held import Held
from streaming.messages import InvalidMessage
from streaming.plain_orders import MOST_BYTES
from streaming.records import Record, records_of
from streaming.topics import Topic
from tests.streaming import foreign
from tests.streaming.conftest import Orders

TRANSACTIONS = Topic.TRANSACTIONS.value
CHECKED: dict[str, Any] = {"check.crcs": True}
FFI.cdef(
    """
    const rd_kafka_conf_t *rd_kafka_conf(rd_kafka_t *rk);
    int rd_kafka_conf_get(const rd_kafka_conf_t *conf, const char *name, char *dest, size_t *dest_size);
    """
)


def held_by(consumer: BareConsumer, count: int) -> Held:
    """Read so many messages."""
    held = consumer.consume(count, 0.1)

    def all_came() -> bool:
        nonlocal held
        held += consumer.consume(count - len(held), 0.1) if len(held) < count else consumer.consume(1, 0)
        return len(held) == count

    wait_until(all_came, f"{count} messages came", state=lambda: len(held))
    return held


def said(message: Any) -> tuple[Any, ...]:
    return (
        message.topic(), message.partition(), message.offset(), message.key(), message.value(), message.headers(),
        message.timestamp(), len(message), message.error(),
    )  # fmt: skip


def all_read(*told: Any) -> list[str]:
    """Records as they are, and messages as decode() has them, or with why it has none."""

    def read(message: Any) -> Any:
        try:
            return decode(message)
        except InvalidMessage as invalid:
            return said(message), str(invalid)

    return sorted(str(each if isinstance(each, Record) else read(each)) for each in told)


@pytest.fixture
def bare(kafka: AdminClient) -> Iterator[BareConsumer]:
    consumer = clients.column_consumer("bare")
    assert isinstance(consumer, BareConsumer)
    with closing(consumer):
        consumer.subscribe([TRANSACTIONS])
        yield consumer


def send_all_kinds(broker: str, orders: list[Transaction]) -> int:
    """Orders, and what is none; gives how many they are."""
    plain = [clients.codec().encode(order) for order in orders]
    foreign.send(broker, TRANSACTIONS, *plain)
    foreign.send(broker, TRANSACTIONS, plain[0], None, b"", b"x" * MOST_BYTES, b"x" * (MOST_BYTES + 1), key=None)
    foreign.send(broker, TRANSACTIONS, plain[0], key=b"")
    foreign.send(broker, TRANSACTIONS, plain[0], key=b"k" * 1000)
    foreign.send(broker, TRANSACTIONS, plain[0], headers=[("a", b"x"), ("a", None), ("b", b"")])
    send_in_transactions(broker, plain[0])
    return len(plain) + 9


def send_in_transactions(broker: str, value: bytes) -> None:
    """One that is committed, and one that is not."""
    producer = Producer({"bootstrap.servers": broker, "transactional.id": "somebody"})
    producer.init_transactions(30)
    for end in (producer.abort_transaction, producer.commit_transaction):
        producer.begin_transaction()
        producer.produce(TRANSACTIONS, value, b"7")
        assert producer.flush(30) == 0
        end(30)


def test_each_message_says_what_the_python_client_has_it_say(bare: BareConsumer, broker: str, orders: Orders) -> None:
    count = send_all_kinds(broker, orders(40))
    with closing(clients.consumer("other")) as other:
        other.subscribe([TRANSACTIONS])
        expected: list[Any] = []

        def all_came() -> bool:
            expected.extend(other.consume(count, 0.1))
            return len(expected) == count

        wait_until(all_came, "all came")
    found = held_by(bare, count).deliveries()
    assert sorted(map(said, found), key=str) == sorted(map(said, expected), key=str)


def test_what_is_unloaded_is_what_would_have_been_read_of_objects(
    bare: BareConsumer, broker: str, orders: Orders
) -> None:
    count = send_all_kinds(broker, orders(40))
    ours = {(TRANSACTIONS, number) for number in range(6)}
    arrived = column_reading.unload(held_by(bare, count), ours)
    with closing(clients.column_consumer("again")) as again:
        assert isinstance(again, BareConsumer)
        again.subscribe([TRANSACTIONS])
        messages: Any = held_by(again, count).deliveries()
    assert arrived
    assert arrived.orders
    # Those of the first sending, without a key, with an empty one, and in a transaction.
    assert len(arrived.orders) == 40 + 3
    assert all_read(*records_of(arrived.orders), *arrived.others) == all_read(*messages)
    ends = {(each.topic(), each.partition()): each for each in messages}
    assert {where: said(each) for where, each in arrived.last.items()} == {at: said(each) for at, each in ends.items()}
    told = records_of(arrived.orders)
    by_place = {(each.partition(), each.offset()): said(each) for each in messages}
    assert list(map(said, arrived.find(told))) == [by_place[record.partition, record.offset] for record in told]


def test_nothing_is_unloaded_of_a_partition_that_is_not_ours(bare: BareConsumer, broker: str, orders: Orders) -> None:
    count = send_all_kinds(broker, orders(40))
    held = held_by(bare, count)
    assert column_reading.unload(held, set()) is None
    assert len(held.deliveries()) == count


def test_the_name_of_a_header_may_be_any_bytes(bare: BareConsumer, broker: str) -> None:
    foreign.send_with_header(broker, TRANSACTIONS, b"x", b"\xff")
    (message,) = held_by(bare, 1).deliveries()
    with pytest.raises(UnicodeDecodeError):
        message.headers()


def test_messages_are_given_back(bare: BareConsumer, broker: str, orders: Orders) -> None:
    send_all_kinds(broker, orders(500))
    foreign.send(broker, TRANSACTIONS, *[b"x" * 100_000] * 50)
    count, process = 500 + 9 + 50, psutil.Process()

    def read_again() -> int:
        held = held_by(bare, count)
        places = bare.assignment()
        arrived = column_reading.unload(held, {(each.topic, each.partition) for each in places})
        assert arrived
        for each in places:
            bare.seek(TopicPartition(each.topic, each.partition, 0))
        return process.memory_info().rss

    before = [read_again() for _ in range(10)][-1]
    after = [read_again() for _ in range(40)][-1]
    # 40 × 5 MB were read.
    assert after - before < 50_000_000


def test_what_nobody_gave_back_keeps_nobody_from_leaving(kafka: AdminClient, broker: str, orders: Orders) -> None:
    send_all_kinds(broker, orders(40))
    consumer = clients.column_consumer("bare")
    assert isinstance(consumer, BareConsumer)
    consumer.subscribe([TRANSACTIONS])
    kept: list[Held] = []
    wait_until(lambda: len(consumer.consume(10, 0.1)) > 0, "some came, and were dropped")
    wait_until(lambda: kept.append(consumer.consume(10, 0.1)) or len(kept[-1]) > 0, "some came")  # type: ignore[func-returns-value]
    consumer.close()  # it would wait for both
    assert len(kept[-1]) == 0


def test_every_property_reaches_librdkafka(settings: Any) -> None:
    settings.KAFKA = {
        "bootstrap.servers": "127.0.0.1:1", "security.protocol": "SASL_SSL", "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "worker", "sasl.password": "secret", "fetch.max.bytes": 1_234_567,
    }  # fmt: skip
    with closing(clients.column_consumer("any", instance="0", **CHECKED)) as consumer:
        assert isinstance(consumer, BareConsumer)
        expected = settings.KAFKA | CHECKED | {
            "group.id": "any", "group.instance.id": "any-0", "isolation.level": "read_committed",
            "enable.auto.commit": False, "partition.assignment.strategy": "range",
        }  # fmt: skip
        for name, value in expected.items():
            assert configured(consumer, name).lower() == text_of(name, value).lower(), name


def configured(consumer: BareConsumer, name: str) -> str:
    c, into, size = library(), FFI.new("char[]", 512), FFI.new("size_t *", 512)
    assert c.rd_kafka_conf_get(c.rd_kafka_conf(consumer._client), name.encode(), into, size) == 0
    return text(into)


def test_a_wrong_property_is_told_of_as_with_any_client(settings: Any) -> None:
    settings.KAFKA = {"bootstrap.servers": "127.0.0.1:1", "session.timeout.ms": "soon"}
    with pytest.raises(ImproperlyConfigured, match="Invalid value"):
        clients.column_consumer("any")


@pytest.mark.parametrize("missing", ["library", "property"])
def test_where_c_functions_cannot_be_used_there_is_the_python_client_and_a_warning(
    settings: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, missing: str
) -> None:
    def none() -> None:
        raise NotUsable("there is none")

    settings.KAFKA = {"bootstrap.servers": "127.0.0.1:1"}
    options: dict[str, Any] = {}
    if missing == "library":
        monkeypatch.setattr("streaming.librdkafka.consumer.library", none)
    else:
        options = {"error_cb": lambda error: None}
    with caplog.at_level(logging.WARNING), closing(clients.column_consumer("any", **options)) as consumer:
        assert isinstance(consumer, Consumer)
    assert "is slower" in caplog.text


def test_its_log_and_its_statistics_come_to_us(settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    settings.KAFKA = {"bootstrap.servers": "127.0.0.1:1"}
    told: list[str] = []
    options: dict[str, Any] = {"statistics.interval.ms": 50, "stats_cb": told.append}
    with caplog.at_level(logging.DEBUG), closing(clients.column_consumer("any", **options)) as consumer:
        wait_until(lambda: not consumer.consume(1, 0.05) and told and "Connect to" in caplog.text, "it tells of itself")
    assert '"type":"consumer"' in told[0].replace(" ", "")


def test_an_error_of_the_broker_is_said(kafka: AdminClient) -> None:
    with closing(clients.column_consumer("any")) as consumer:
        assert isinstance(consumer, BareConsumer)
        consumer.subscribe(["there-is-none"])
        (news,) = held_by(consumer, 1).deliveries()
        assert news.error() is not None
        with pytest.raises(KafkaException):
            consumer.seek(TopicPartition("there-is-none", 0, 0))


def test_where_nothing_can_be_kept_it_is_compiled_all_the_same() -> None:
    environment = os.environ | {"NUMBA_CACHE_DIR": "/proc/nowhere"}
    ask = "from streaming.compiling import IS_KEPT; from streaming.librdkafka.unloading import octets_of; "
    ask += "import numpy as np; print(IS_KEPT, octets_of(np.empty(0, np.int64)))"
    told = subprocess.run([sys.executable, "-c", ask], env=environment, capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["False", "0"]
