"""What change data capture lives through: a table that changes, a binlog that is gone, a sink that was taken away."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from confluent_kafka import Consumer, TopicPartition

from native import readiness
from native.driving.embedded import wait_until
from native.driving.running import RunningCluster

pytestmark = pytest.mark.cluster
SINK_GROUP = "connect-elasticsearch-sink"


def record(cluster: RunningCluster, count: int, user_id: int) -> list[str]:
    """Record so many orders by the API; returns their ids."""
    answers = [
        cluster.call("shop", "POST", "/transactions", {"user_id": user_id, "amount": "12.34", "status": "PENDING"})
        for _ in range(count)
    ]
    assert {status for status, _ in answers} == {201}, answers
    return [order["order_id"] for _, order in answers]


def in_index(cluster: RunningCluster) -> set[str]:
    return set(cluster.documents())


def wait_indexed(cluster: RunningCluster, orders: list[str]) -> None:
    wait_until(lambda: set(orders) <= in_index(cluster), f"the index has {orders}", timeout=120)


def outbox_ids(cluster: RunningCluster) -> list[int]:
    """The ids of the outbox's rows in its topics, each as often as it was told."""
    headers: list[Any] = [
        header
        for topic in ("transactions", "transactions.status", "transactions.corrections", "fraud.alerts")
        for message in cluster.read_topic(topic)
        for header in message.headers() or []
    ]
    return [int(value) for name, value in headers if name == "id"]


@contextmanager
def connect_away(cluster: RunningCluster) -> Iterator[None]:
    for part in ("connect-watchdog", "connect"):
        cluster.stop(part)
    try:
        yield
    finally:
        for part in ("connect", "connect-watchdog"):
            cluster.start(part)
        cluster.wait_ready("connect")


def purge_binlog(cluster: RunningCluster) -> None:
    """Take away every binlog but a new one, as MySQL does by itself after seven days."""
    cluster.sql("FLUSH BINARY LOGS")
    last = cluster.sql("SHOW BINARY LOGS")[-1][0]
    cluster.sql(f"PURGE BINARY LOGS TO '{last}'")


def failure_of(cluster: RunningCluster, connector: str) -> str:
    body = readiness.fetch(f"{cluster.layout.address('connect')}/connectors/{connector}/status")
    return " ".join(task.get("trace", "") for task in json.loads(body or b'{"tasks": []}')["tasks"])


def test_a_column_that_every_row_must_have_does_not_stop_change_data_capture(cluster: RunningCluster) -> None:
    columns = "order_id, user_id, amount, status, timestamp, kind, recorded_at, updated_at"
    # A name that the registry has not met yet.
    new = f"shop_{uuid4().hex[:8]}"
    values = "7, 1, 'PENDING', now(3), 'ORDER', now(3), now(3)"
    wait_indexed(cluster, record(cluster, 1, 7))
    cluster.sql(f"ALTER TABLE transactions ADD COLUMN {new} VARCHAR(8) NOT NULL")
    try:
        cluster.sql(f"INSERT INTO transactions ({columns}, {new}) VALUES ('{new}', {values}, 'here')")
        wait_indexed(cluster, [new])
    finally:
        # Nobody published an event of it, which later comparisons would tell of.
        cluster.sql(f"DELETE FROM transactions WHERE order_id = '{new}'")
        cluster.sql(f"ALTER TABLE transactions DROP COLUMN {new}")
    wait_indexed(cluster, record(cluster, 1, 7))


def test_after_a_purged_binlog_one_command_tells_everything_once(cluster: RunningCluster) -> None:
    before = record(cluster, 2, 8)
    wait_indexed(cluster, before)
    wait_until(lambda: len(outbox_ids(cluster)) >= len(before), "the outbox is carried", timeout=60)
    with connect_away(cluster):
        gap = record(cluster, 3, 8)
        purge_binlog(cluster)
        gap += record(cluster, 2, 8)
        purge_binlog(cluster)
    wait_until(lambda: "no longer available" in failure_of(cluster, "outbox"), "the outbox fails", timeout=120)
    told = cluster.manage("redrive", "heal_connectors")
    assert "rows of the outbox" in told, told
    assert "outbox had lost its place in MySQL's binlog and goes on with what is written from now on." in told
    after = record(cluster, 2, 8)
    wait_indexed(cluster, [*before, *gap, *after])
    rows = {int(row[0]) for row in cluster.sql("SELECT id FROM outbox")}
    wait_until(lambda: rows <= set(outbox_ids(cluster)), "every row of the outbox is in its topic", timeout=60)
    ids = outbox_ids(cluster)
    assert sorted(ids) == sorted(set(ids)), "told twice"
    wait_until(
        lambda: set(map(tuple, cluster.connectors().values())) == {("RUNNING", "RUNNING")}, "both connectors run"
    )


def test_the_group_that_a_sink_left_behind_is_cleaned_up(cluster: RunningCluster) -> None:
    consumer = Consumer(cluster.super_user | {"group.id": SINK_GROUP})
    consumer.commit(offsets=[TopicPartition("mysql.transactions", 0, 0)], asynchronous=False)
    consumer.close()
    told = cluster.manage("deployer", "deploy_connectors")
    assert f"the consumer group {SINK_GROUP} is deleted" in told
    groups = cluster.admin.list_consumer_groups().result().valid
    assert SINK_GROUP not in {each.group_id for each in groups}
