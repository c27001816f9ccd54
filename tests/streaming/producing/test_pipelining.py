"""Records that are sent without waiting for each other: the same as others, and none is lost or left untold."""

import os
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest
from confluent_kafka import Message
from confluent_kafka.admin import AdminClient

from native.driving.embedded import forget_everything
from streaming.clients import SEND_TIMEOUT_SECONDS, NotDelivered
from streaming.log_reader import begins, read, reader
from streaming.producing import pipelining
from streaming.producing.pipelining import Pipeline, records_of, records_of_rows
from streaming.producing.publish import send_to_topics
from streaming.topics import Topic
from tests.streaming.conftest import Orders
from transactions.simulator import mock_blocks

BLOCKS = mock_blocks(seed=1, start=datetime(2026, 11, 22, tzinfo=UTC), per_second=1000)


def on_the_wire() -> list[list[tuple[Any, ...]]]:
    """What stands on each partition of the topic, in order."""
    with closing(reader("of a test")) as consumer:
        messages = [message for some in read(consumer, begins(consumer, [Topic.TRANSACTIONS])) for message in some]
    return [[_content(each) for each in messages if each.partition() == number] for number in range(3)]


def _content(message: Message) -> tuple[Any, ...]:
    return message.key(), message.value(), message.headers(), message.timestamp()[0]


def piped(records: Iterable[pipelining.Records]) -> int:
    pipeline = Pipeline(Topic.TRANSACTIONS)
    for each in records:
        pipeline.send(each)
    return pipeline.finish()


def test_orders_in_columns_come_to_the_topic_as_events_do(kafka: AdminClient) -> None:
    block = next(BLOCKS)
    send_to_topics(block.transactions())
    expected = on_the_wire()
    assert sorted(map(len, expected))[0] > 100
    forget_everything(kafka)
    assert piped(map(records_of, (block[:1000], block[1000:1001], block[1001:]))) == len(block)
    assert on_the_wire() == expected
    forget_everything(kafka)
    assert piped([records_of_rows(block.transactions())]) == len(block)
    assert on_the_wire() == expected


def test_a_full_queue_is_waited_for_and_loses_nothing(kafka: AdminClient, settings: Any, orders: Orders) -> None:
    settings.KAFKA |= {"queue.buffering.max.messages": 10}
    assert piped([records_of_rows(orders(500))]) == 500
    assert sorted(map(len, on_the_wire())) == [100, 200, 200]


def test_who_wants_to_know_learns_where_each_stands(kafka: AdminClient, orders: Orders) -> None:
    told: list[str] = []
    pipeline = Pipeline(Topic.TRANSACTIONS, told.append)
    pipeline.send(records_of_rows(orders(3)))
    pipeline.finish()
    assert sorted(words.partition(", ")[2] for words in told) == ["key '0'", "key '1'", "key '2'"]
    assert all(words.startswith("transactions[") for words in told)


def test_what_the_broker_refuses_is_counted_and_named(kafka: AdminClient, orders: Orders) -> None:
    # The client takes two megabytes, and the topic one.
    keys, values = records_of_rows(orders(4))
    with pytest.raises(NotDelivered, match=r"of 4 records 1 were refused; transactions key b'2': .*MSG_SIZE_TOO_LARGE"):
        piped([(keys, [*values[:2], os.urandom(1_500_000), values[3]])])
    assert sum(map(len, on_the_wire())) == 3


def test_after_what_the_client_refuses_nothing_more_is_sent(kafka: AdminClient, orders: Orders) -> None:
    keys, values = records_of_rows(orders(4))
    pipeline = Pipeline(Topic.TRANSACTIONS)
    with pytest.raises(NotDelivered, match=r"of 4 records 1 were refused; transactions key b'2': .*MSG_SIZE_TOO_LARGE"):
        pipeline.send((keys, [*values[:2], bytes(3 << 20), values[3]]))
    assert sum(map(len, on_the_wire())) == 3


def test_a_broker_that_does_not_answer_is_not_waited_for_without_end(
    settings: Any, orders: Orders, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.KAFKA = {"bootstrap.servers": "127.0.0.1:1", "queue.buffering.max.messages": 4}
    monkeypatch.setattr(pipelining, "SEND_TIMEOUT_SECONDS", 1)
    pipeline = Pipeline(Topic.TRANSACTIONS)
    with pytest.raises(NotDelivered, match=r"of 9 records 9 were refused; transactions key b'0': .*_MSG_TIMED_OUT"):
        pipeline.send(records_of_rows(orders(9)))


def test_acknowledgements_that_are_still_on_their_way_are_told(
    orders: Orders, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.KAFKA = {"bootstrap.servers": "127.0.0.1:1"}
    monkeypatch.setattr(pipelining, "AFTER_THE_LAST_ANSWER_SECONDS", 0.1 - SEND_TIMEOUT_SECONDS)
    with pytest.raises(NotDelivered, match="of 3 records 3 were not acknowledged"):
        piped([records_of_rows(orders(3))])
