"""The whole platform on the real cluster: it agrees with the truth, whatever is killed. `make test-cluster` runs it."""

import random
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Event, Thread

import pytest

from native.driving.embedded import wait_until
from native.driving.expected import Expected
from native.driving.running import RunningCluster
from native.driving.shop import Shop, percentile
from native.driving.stages import agree
from report import access
from report.latency import STAGES, latencies
from report.logs import captured, keep

pytestmark = pytest.mark.cluster

MOCK_ORDERS, MOCK_RATE, DELETED = 20_000, 2_000, 200
VICTIMS = [
    "kafka-1", "zookeeper leader", "connect", "mysql", "elasticsearch", "registry",
    "recorder", "fraud", "aggregator", "notifier", "indexer", "api",
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
    # Without an order its refund, and without a refund its order, would be a mismatch for good, and rightly so.
    alone = sorted(each for each, (_, cents, status) in expected.rows.items() if cents > 0 and status != "REFUNDED")
    expected.deleted |= set(random.Random(13).sample(alone, DELETED))
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
            wait_until(served, f"the shop is served after {name} was killed", timeout=300)
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
    wait_until(lambda: cluster.in_sync("transactions") == {1}, "one replica of each partition is left", timeout=180)
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


def test_the_logs_that_prove_it_are_captured(cluster: RunningCluster, tmp_path: Path) -> None:
    order_id, files = captured(cluster)
    keep(files, tmp_path)
    assert order_id in files["mysql.transactions.json"]
    assert order_id in files["elasticsearch-search.json"]
    assert re.search(r"acknowledged: transactions\[\d\]@\d+", files["producer.log"])
    assert "RUNNING" in files["connectors.json"]
    assert all("mysql.transactions" in line for line in files["broker.log"].splitlines())
    assert re.search(r"baseOffset: \d+ lastOffset: \d+ count: [1-9]", files["segment.log"])


def test_listeners_tls_and_a_refused_right_are_taken_down_as_they_are(cluster: RunningCluster) -> None:
    found = access.shown(cluster)
    assert {name: each["protocol"] for name, each in found["listeners"]["kafka-2"].items()} == {
        "CLIENTS": "SASL_SSL", "BROKERS": "SSL",
    }  # fmt: skip
    assert found["listeners"]["kafka-1"]["CLIENTS"]["mechanisms"] == "SCRAM-SHA-512"
    assert found["listeners"]["kafka-1"]["BROKERS"]["client_certificate"] == "required"
    assert (found["handshake"]["version"], found["handshake"]["subject"]) == ("TLSv1.3", "commonName=kafka-1")
    assert found["refusal"]["told"].endswith("AUTHORIZATION_FAILED")
    assert "User:producer" in found["refusal"]["line"]


def test_latencies_of_an_order_posted_are_measured(cluster: RunningCluster) -> None:
    """POST to searchable, to hourly total, to alert; 200 orders, four at a time."""
    seconds = latencies(cluster, 200)
    for stage in STAGES:
        times = [each[stage] for each in seconds]
        say(f"POST → {stage}: p50 {percentile(times, 0.5) * 1000:.0f} ms, p99 {percentile(times, 0.99) * 1000:.0f} ms")
    assert all(each["searchable"] < 30 for each in seconds)


def _noting_failure(work: Callable[[], None], failed: list[BaseException]) -> Callable[[], None]:
    def run() -> None:
        try:
            work()
        except BaseException as error:
            failed.append(error)
            raise

    return run
