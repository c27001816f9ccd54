"""The whole platform on the real cluster: it agrees with the truth, whatever is killed. `make test-cluster` runs it."""

import random
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import Any
from uuid import uuid4

import pytest

from tests.cluster.expected import Expected
from tests.cluster.running import RunningCluster
from tests.cluster.shop import Shop, percentile
from tests.cluster.stages import agree, decoded, in_json
from tests.embedded import wait_until

pytestmark = pytest.mark.cluster

MOCK_ORDERS, MOCK_RATE, DELETED = 20_000, 2_000, 200
VICTIMS = [
    "kafka-1", "zookeeper leader", "connect", "mysql", "elasticsearch", "registry",
    "recorder", "consumer", "aggregator", "notifier", "indexer", "api",
]  # fmt: skip


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - the figures of this run, to be read in its output


def test_orders_calls_and_deletes_agree_in_every_stage(
    cluster: RunningCluster, expected: Expected, tmp_path: Path
) -> None:
    start = datetime.now(UTC).replace(microsecond=0)
    began = time.monotonic()
    arguments = ["--rate", str(MOCK_RATE), "--count", str(MOCK_ORDERS), "--seed", "11", "--start", start.isoformat()]
    producer = cluster.begin("producer", "run_producer", *arguments, log=tmp_path / "producer.log")
    expected.mock(MOCK_ORDERS, 11, start, MOCK_RATE)
    shop = Shop(cluster, expected, seed=12)
    while shop.calls < 2000:
        shop.work_off(100)
    assert producer.wait(120) == 0, (tmp_path / "producer.log").read_text()
    agree(cluster, expected)
    seconds = time.monotonic() - began
    say(f"{MOCK_ORDERS:,} mock orders and {shop.calls:,} API calls through all stages in {seconds:.0f} s")
    expected.deleted |= set(random.Random(13).sample(sorted(expected.rows), DELETED))
    ids = ", ".join(f"'{order_id}'" for order_id in expected.deleted)
    cluster.sql(f"DELETE FROM transactions WHERE order_id IN ({ids})")
    agree(cluster, expected)


def test_nothing_is_lost_or_doubled_whatever_is_killed_under_load(
    cluster: RunningCluster, expected: Expected, tmp_path: Path
) -> None:
    start = datetime.now(UTC).replace(microsecond=0)
    count, rate = 12_000, 150
    arguments = ["--rate", str(rate), "--count", str(count), "--seed", "21", "--start", start.isoformat()]
    producer = cluster.begin("producer", "run_producer", *arguments, log=tmp_path / "producer.log")
    expected.mock(count, 21, start, rate)
    shop, enough = Shop(cluster, expected, seed=22), Event()
    failed: list[BaseException] = []
    ordering = Thread(target=_noting_failure(lambda: shop.keep_ordering(enough), failed))
    ordering.start()
    try:
        for victim in VICTIMS:
            name = cluster.zookeeper_leader() if victim == "zookeeper leader" else victim
            began = time.monotonic()
            cluster.kill(name)
            served = partial(lambda before: failed or shop.calls > before, shop.calls)
            wait_until(served, f"the shop is served after {name} was killed", timeout=120)
            say(f"killed {name}: back after {time.monotonic() - began:.1f} s")
    finally:
        enough.set()
        ordering.join()
    assert not failed, failed
    assert producer.wait(300) == 0, (tmp_path / "producer.log").read_text()
    agree(cluster, expected, timeout=300)
    say(f"{shop.calls:,} calls meanwhile, {shop.repeated:,} of them had to be sent again")


def test_with_one_broker_of_three_writes_are_refused_and_nothing_is_lost(
    cluster: RunningCluster, expected: Expected, tmp_path: Path
) -> None:
    shop = Shop(cluster, expected, seed=31)
    for name in ("kafka-2", "kafka-3"):
        cluster.stop(name)
    wait_until(lambda: cluster.in_sync("transactions") == {1}, "one replica of each partition is left", timeout=60)
    assert cluster.refusal_of_a_write("transactions") == "NOT_ENOUGH_REPLICAS"
    start = datetime.now(UTC).replace(microsecond=0)
    arguments = ["--rate", "100", "--count", "300", "--seed", "32", "--start", start.isoformat()]
    producer = cluster.begin("producer", "run_producer", *arguments, log=tmp_path / "producer.log")
    # The API goes on: its orders wait in the outbox.
    shop.work_off(20)
    assert cluster.refusal_of_a_write("transactions") == "NOT_ENOUGH_REPLICAS"
    assert producer.poll() is None, "it waits until its records are taken"
    for name in ("kafka-2", "kafka-3"):
        cluster.start(name)
    cluster.wait_ready("kafka")
    assert producer.wait(120) == 0, (tmp_path / "producer.log").read_text()
    expected.mock(300, 32, start, 100)
    agree(cluster, expected, timeout=300)


def log_of(cluster: RunningCluster, process: str) -> str:
    return (cluster.layout.var / "log" / f"{process}.log").read_text(errors="replace")


def test_the_logs_that_prove_it_are_captured(cluster: RunningCluster, evidence: Path, tmp_path: Path) -> None:
    order_id = f"evidence-{uuid4()}"
    cluster.call("shop", "POST", "/transactions", {"user_id": 1, "amount": "12.34", "order_id": order_id})
    find = {"query": {"term": {"order_id": order_id}}}
    wait_until(lambda: cluster.elasticsearch("/transactions/_search", find)["hits"]["hits"], "it is searchable")
    shown = cluster.manage(
        "producer", "run_producer", "--rate", "100", "--count", "5", "--seed", "41", "--verbosity", "2"
    )
    changes = [(message, change) for message, change in decoded(cluster, "mysql.transactions") if change]
    mine = next(change for _, change in changes if (change["after"] or {}).get("order_id") == order_id)
    debezium = [line for line in log_of(cluster, "connect").splitlines() if "debezium" in line.lower()]
    files = {
        "producer.log": shown,
        "debezium.log": "\n".join(debezium[-80:]),
        "mysql.transactions.json": "\n".join(
            f"{message.topic()}[{message.partition()}]@{message.offset()} key={message.key()!r} {in_json(change)}"
            for message, change in changes[-20:]
        ),
        "elasticsearch-search.json": in_json(cluster.elasticsearch("/transactions/_search", find)),
        "connectors.json": in_json(cluster.connectors()),
        "broker.log": "\n".join(log_of(cluster, "kafka-1").splitlines()[-80:]),
    }
    for name, text in files.items():
        assert text.strip(), f"{name} would be empty"
        (evidence / name).write_text(text + "\n")
    assert mine["after"]["order_id"] == order_id
    assert re.search(r"acknowledged: transactions\[\d\]@\d+", shown)
    assert "RUNNING" in files["connectors.json"]


def test_latencies_of_an_order_posted_are_measured(cluster: RunningCluster) -> None:
    """POST to searchable, to hourly total, to alert; 200 orders, four at a time."""
    with ThreadPoolExecutor(4) as pool:
        seconds = list(pool.map(lambda n: latencies(cluster, 1_000_000 + n), range(200)))
    for stage in ("searchable", "hourly total", "alert"):
        times = [each[stage] for each in seconds]
        say(f"POST → {stage}: p50 {percentile(times, 0.5) * 1000:.0f} ms, p99 {percentile(times, 0.99) * 1000:.0f} ms")
    assert all(each["searchable"] < 30 for each in seconds)


def latencies(cluster: RunningCluster, user: int) -> dict[str, float]:
    body = {"user_id": user, "amount": "20000000.00", "status": "SUCCESS"}
    began = time.monotonic()
    status, order = cluster.call("shop", "POST", "/transactions", body)
    assert status == 201, order
    questions: dict[str, Callable[[], Any]] = {
        "searchable": lambda: cluster.call("shop", "POST", "/search/transactions", {"user_id": user})[1]["total"],
        "hourly total": lambda: cluster.call("analyst", "GET", f"/analytics/users/{user}/hourly")[1]["hours"],
        "alert": lambda: cluster.call("investigator", "GET", f"/fraud/alerts?user_id={user}")[1]["results"],
    }
    seconds: dict[str, float] = {}
    while len(seconds) < len(questions):
        assert time.monotonic() - began < 60, f"only {seconds} within a minute"
        for stage, question in questions.items():
            if stage not in seconds and question():
                seconds[stage] = time.monotonic() - began
    return seconds


def _noting_failure(work: Callable[[], None], failed: list[BaseException]) -> Callable[[], None]:
    def run() -> None:
        try:
            work()
        except BaseException as error:
            failed.append(error)
            raise

    return run
