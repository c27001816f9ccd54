"""What workers tell Prometheus, as Prometheus asks for it."""

import json
import socket
from functools import cache
from time import time
from typing import Any

import pytest
from confluent_kafka import Consumer, TopicPartition
from django.conf import settings
from django.core.management.base import CommandError

from events import Transaction
from native.driving.embedded import Platform, free_ports, wait_until
from native.driving.scraping import documented, scrape
from streaming import clients
from streaming.clients import Outgoing, send_all
from streaming.partitioner import home_of
from streaming.producing.publish import send_to_topics
from streaming.telemetry import librdkafka
from streaming.telemetry.metrics import WorkerMetrics, serve_worker
from streaming.topics import Topic
from tests.streaming.conftest import Orders

IDLE_WORKER_IS_FRESH_WITHIN = 4
"""Seconds: twice as long as its client's word may be old."""


def test_a_running_worker_tells_what_it_did_and_all_that_is_documented(
    platform_processes: Platform, orders: Orders
) -> None:
    fraud, relay, recorder = free_ports(3)
    began = time()
    platform_processes.start("run_consumer", "--metrics-port", str(fraud))
    platform_processes.start("run_relay", "--metrics-port", str(relay))
    platform_processes.start("run_recorder", "--metrics-port", str(recorder))
    (order,) = orders(1)
    suspicious = Transaction("big", 7, 2e7, order.status, order.timestamp)
    impossible = Transaction("negative", -1, 1.0, order.status, order.timestamp)
    send_to_topics([*orders(300), suspicious, impossible])
    send_all(clients.producer(), [Outgoing(Topic.TRANSACTIONS, b"7", b"no Avro") for _ in range(2)])
    home = home_of(order.user_id, settings.TOPIC_PARTITIONS)
    key = next(str(n).encode() for n in range(99) if home_of(n, settings.TOPIC_PARTITIONS) != home)
    send_all(clients.producer(), [Outgoing(Topic.TRANSACTIONS, key, clients.codec().encode(order))])

    def has_told_everything() -> bool:
        told = scrape(fraud)
        lags = told.values("platform_worker_lag_records")
        return (
            len(lags) == 6
            and sum(lags) == 0
            and told.value("platform_worker_events_handled_total", topic="transactions") == 303
        )

    wait_until(has_told_everything, "the worker has read all and its client said so")
    wait_until(lambda: scrape(relay).value("platform_worker_messages_sent_total") == 1, "the alert has been sent")
    wait_until(lambda: scrape(recorder).values("platform_worker_misplaced_records_total") == [1], "it was sent on")
    received = "platform_worker_messages_received_total"
    wait_until(lambda: scrape(fraud).value(received) == 306, "its client has counted what it received")
    told = scrape(fraud)
    assert told.value("platform_worker_dead_letters_total", topic="transactions", reason="unreadable") == 2
    assert told.value("platform_worker_dead_letters_total", topic="transactions", reason="implausible") == 1
    assert told.value("platform_worker_alerts_raised_total", rule="amount-above-limit") == 1
    assert told.value("platform_worker_batch_records_sum") == 306
    assert told.value("platform_worker_rebalances_total") == 1
    assert told.value("platform_worker_broker_latency_seconds", quantile="0.99") > 0
    assert began < told.value("platform_worker_last_commit_timestamp_seconds") <= time()
    wait_until(
        lambda: max(scrape(fraud).values("platform_worker_freshness_seconds")) < IDLE_WORKER_IS_FRESH_WITHIN,
        "a worker that is done is fresh",
    )
    assert {labels["worker"] for _, labels, _ in told.samples} == {"fraud"}
    assert told.families() | scrape(relay).families() | scrape(recorder).families() == documented("Workers")


def test_without_a_port_nothing_is_served_or_asked_of_the_client() -> None:
    assert serve_worker("fraud", 0).client_options() == {}


def test_a_port_in_use_is_told_with_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(CommandError, match="another --metrics-port"):
        serve_worker("fraud", taken.getsockname()[1])


@pytest.fixture
def told(broker: str) -> dict[str, Any]:
    """Statistics of a client that reads three empty partitions, as it told them."""
    return dict(json.loads(heard_of(broker)))


@cache
def heard_of(broker: str) -> str:
    heard: list[str] = []
    options: dict[str, Any] = {"statistics.interval.ms": 50, "stats_cb": heard.append}
    consumer = Consumer({"bootstrap.servers": broker, "group.id": "told", "auto.offset.reset": "latest"} | options)
    consumer.assign([TopicPartition(Topic.TRANSACTIONS, number) for number in range(3)])

    def knows_its_lag() -> bool:
        consumer.poll(0.1)
        return bool(heard) and len(librdkafka.parse(heard[-1]).lags) == 3

    try:
        wait_until(knows_its_lag, "the client knows its lag", timeout=20)
    finally:
        consumer.close()
    return heard[-1]


def freshness(metrics: WorkerMetrics) -> list[float]:
    families = {family.name: family for family in metrics.collect()}
    return [sample.value for sample in families["platform_worker_freshness_seconds"].samples]


def partitions(told: dict[str, Any]) -> list[dict[str, Any]]:
    return [p for number, p in told["topics"]["transactions"]["partitions"].items() if int(number) >= 0]


@pytest.mark.usefixtures("kafka")
def test_freshness_grows_while_records_wait_and_ends_when_none_does(told: dict[str, Any]) -> None:
    now = time()
    metrics = WorkerMetrics(clock=lambda: now)
    metrics.take_statistics(with_lag(told, 0))
    assert max(freshness(metrics)) == 0
    now += 3600
    assert min(freshness(metrics)) == 3600  # nothing was heard of the client since
    metrics.take_statistics(with_lag(told, 5))
    assert min(freshness(metrics)) == 3600  # it lives, and records wait
    metrics.take_statistics(with_lag(told, 0))
    assert max(freshness(metrics)) == 0


@pytest.mark.usefixtures("kafka")
def test_a_client_that_reads_ahead_makes_nothing_fresh_before_all_is_dealt_with(told: dict[str, Any]) -> None:
    now = time()
    metrics = WorkerMetrics(clock=lambda: now)
    hear = metrics.readers_options()["stats_cb"]
    hear(with_lag(told, 0))
    metrics.news()()
    now += 10
    hear(with_lag(told, 0))
    is_dealt_with = metrics.news()
    now += 60
    hear(with_lag(told, 0))
    assert min(freshness(metrics)) == 70
    is_dealt_with()
    # It says what was so when it was told.
    assert {round(each) for each in freshness(metrics)} == {60}
    metrics.news()()
    assert max(freshness(metrics)) == 0


def test_freshness_grows_while_the_broker_is_away(told: dict[str, Any]) -> None:
    now = time()
    metrics = WorkerMetrics(clock=lambda: now)
    metrics.take_statistics(with_lag(told, 0))
    now += 3600
    for broker in told["brokers"].values():
        broker["state"] = "CONNECT"
    metrics.take_statistics(with_lag(told, 0))
    assert min(freshness(metrics)) == 3600


def test_a_partition_taken_away_is_told_of_no_more(told: dict[str, Any]) -> None:
    metrics = WorkerMetrics()
    metrics.take_statistics(with_lag(told, 5))
    assert len(freshness(metrics)) == 3
    partitions(told)[0]["fetch_state"] = "none"
    metrics.take_statistics(with_lag(told, 5))
    assert len(freshness(metrics)) == 2


def with_lag(told: dict[str, Any], lag: int) -> str:
    """The same statistics, but with 100 records in each partition and so many of them unread."""
    offsets = ("next_offset", "app_offset", "stored_offset", "committed_offset", "eof_offset")
    for partition in partitions(told):
        partition.update(dict.fromkeys(offsets, 100 - lag), ls_offset=100, hi_offset=100, consumer_lag=lag)
    return json.dumps(told)


def test_a_client_that_has_never_committed_knows_what_waits(told: dict[str, Any]) -> None:
    for partition in partitions(told):
        assert partition["consumer_lag"] == -1
        partition.update(ls_offset=partition["eof_offset"] + 5, lo_offset=partition["eof_offset"])
    assert set(librdkafka.parse(json.dumps(told)).lags.values()) == {5}
    for partition in partitions(told):
        partition["eof_offset"] += 5
    assert set(librdkafka.parse(json.dumps(told)).lags.values()) == {0}


def test_the_marker_that_ends_a_transaction_is_no_lag(told: dict[str, Any]) -> None:
    with_lag(told, 1)
    assert set(librdkafka.parse(json.dumps(told)).lags.values()) == {1}
    for partition in partitions(told):
        # Its own position is behind the marker; what it has committed is before it.
        partition.update(eof_offset=100, next_offset=100, app_offset=100)
    assert set(librdkafka.parse(json.dumps(told)).lags.values()) == {0}
