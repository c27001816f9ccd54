"""Every alert fires and clears on a real fault of the running cluster. It takes about eight minutes.

Faults that do not disturb each other are there at the same time. Of the API's burn rates only the fastest, over an hour
and five minutes, can be seen clearing within minutes on a cluster that has served requests before; for the others, see
tests/prometheus/api.yml.
"""

import http.client
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped] # its types are a package that nothing else here needs

from native.driving.embedded import ROOT, wait_until
from native.driving.faults import (
    broker_away,
    certificate_that_ends_soon,
    damaged_total,
    debezium_locked_out,
    locked_table,
    no_controller,
    slow_worker,
    stopped,
    unplaceable_index,
    unreadable_records,
    untargeted,
    wrong_passwords,
)
from native.driving.running import RunningCluster
from tests.cluster.alerting import Outcome, Prometheus, alert

pytestmark = pytest.mark.cluster

RATE = 50
"""Mock orders a second, while the faults are there."""
HIDDEN = {"UnderReplicatedPartitions", "OutboxStuck"}
"""Follow from another fault of the drill, and are not told while that is."""


@pytest.fixture(scope="module")
def prometheus(cluster: RunningCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Watches the cluster, into which orders come."""
    log = tmp_path_factory.mktemp("drill") / "producer.log"
    producer = cluster.begin("producer", "run_producer", "--rate", str(RATE), log=log)
    try:
        wait_until(lambda: next(cluster.read_topic("transactions"), None), "orders come in")
        with Prometheus(cluster.layout.address("prometheus")) as watched:
            yield watched
    finally:
        producer.terminate()
        producer.wait(60)


@pytest.fixture(scope="module", autouse=True)
def told_at_the_end(prometheus: Prometheus, evidence: Path) -> Iterator[None]:
    yield
    lines = [
        f"{each.fault:34} {each.alert!s:52} fired after {figure(each.fired)}, cleared after {figure(each.cleared)}"
        for each in prometheus.outcomes
    ]
    well = [each for each in prometheus.outcomes if each.fired is not None and each.cleared is not None]
    lines.append(f"{len(well)} of {len(prometheus.outcomes)} alerts fired and cleared")
    print("", *lines, sep="\n", flush=True)  # noqa: T201 - the figures of this run, to be read in its output
    (evidence / "alert-drills.txt").write_text("\n".join(lines) + "\n")


def figure(seconds: float | None) -> str:
    return "  never" if seconds is None else f"{seconds:5.0f} s"


def at_once(*drills: Callable[[], None]) -> None:
    """Carry drills out side by side, each to its end; fails if one could not be carried out."""
    with ThreadPoolExecutor(len(drills)) as pool:
        for done in [pool.submit(drill) for drill in drills]:
            done.result()


def test_faults_of_parts_are_told(cluster: RunningCluster, prometheus: Prometheus, tmp_path: Path) -> None:
    drill = prometheus.drill
    at_once(
        lambda: drill("records are no events", unreadable_records(cluster), alert("DeadLettersIncreasing")),
        lambda: drill(
            "a broker is stopped", broker_away(cluster, 3),
            alert("UnderReplicatedPartitions"), alert("OfflinePartitions"), alert("TargetDown", instance="kafka-3"),
        ),
        lambda: drill(
            "MySQL refuses Debezium", debezium_locked_out(cluster),
            alert("ConnectTaskFailed", connector="outbox"), alert("OutboxStuck"), alert("ConnectorSilent"),
        ),
        lambda: drill(
            "a table of fraud is locked", locked_table(cluster, "fraud_fraudalert"),
            alert("FraudNotFresh"), alert("ConsumerStuck", consumergroup="fraud"),
        ),
        lambda: drill(
            "the recorder is stopped", stopped(cluster, "recorder"), alert("WorkerAbsent", worker="recorder")
        ),
        lambda: drill(
            "the notifier is slow", slow_worker(cluster, tmp_path), alert("LagGrowing", consumergroup="notifier")
        ),
        lambda: drill("a password is wrong", wrong_passwords(cluster), alert("FailedLogins", listener="CLIENTS")),
        lambda: drill(
            "a certificate ends in ten days", certificate_that_ends_soon(cluster),
            alert("CertificateExpiring", certificate="mysql"),
        ),
        lambda: drill("an exporter has no container", untargeted(cluster, "node"), alert("TargetsGone", job="node")),
        lambda: drill("an index finds no node", unplaceable_index(cluster), alert("ElasticsearchRed")),
        lambda: drill(
            "an hourly total was changed", damaged_total(cluster, tmp_path),
            alert("ReconciliationMismatch", comparison="totals"),
        ),
    )  # fmt: skip
    assert_all_well(prometheus.outcomes)


def test_operators_were_told_of_all_of_it(cluster: RunningCluster, prometheus: Prometheus) -> None:
    names = {each.alert.name for each in prometheus.outcomes} - HIDDEN
    wait_until(lambda: names <= told_and_over(cluster), "all is told", 90, lambda: names - told_and_over(cluster))


def told_and_over(cluster: RunningCluster) -> set[str]:
    """The alerts of which an operator has a notification that they fire and one that they are over."""
    over = {each["text"].removeprefix("Over") for each in notifications(cluster, "ALERT_RESOLVED")}
    both = [
        each["text"]
        for each in notifications(cluster, "ALERT_FIRING")
        if any(summary in each["text"] for summary in over)
    ]
    return {name for name in alert_names() if any(f"docs/runbooks/{kebab(name)}.md" in text for text in both)}


def notifications(cluster: RunningCluster, kind: str) -> list[dict[str, Any]]:
    found, path = [], f"/notifications?kind={kind}&limit=100"
    while path:
        status, page = cluster.call("operator", "GET", path)
        assert status == 200, page
        found += page["results"]
        path = (page["next"] or "").partition(str(cluster.layout.ports["api"]))[2]
    return found


def alert_names() -> set[str]:
    files = (ROOT / "compose" / "prometheus" / "rules").glob("*.yml")
    groups = [group for file in files for group in yaml.safe_load(file.read_text())["groups"]]
    return {rule["alert"] for group in groups for rule in group["rules"] if "alert" in rule}


def kebab(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()


def test_faults_of_what_others_need_are_told(cluster: RunningCluster, prometheus: Prometheus) -> None:
    drill = prometheus.drill
    at_once(
        lambda: drill("no controller can be elected", no_controller(cluster), alert("NotOneController")),
        lambda: drill(
            "run_monitor is stopped", stopped(cluster, "monitor"), alert("LagUnknown", consumergroup="fraud")
        ),
        lambda: watchdog(cluster, prometheus),
        lambda: api_breaks_its_promises(cluster, prometheus),
    )
    assert_all_well(prometheus.outcomes)
    assert {each.alert.name for each in prometheus.outcomes} == alert_names()


def assert_all_well(outcomes: list[Outcome]) -> None:
    assert not [each for each in outcomes if each.fired is None or each.cleared is None]


def watchdog(cluster: RunningCluster, prometheus: Prometheus) -> None:
    """It fires all the time; when it no longer arrives, health and operators are told without it."""
    outcome = Outcome("alerts cannot arrive", alert("Watchdog"))
    prometheus.outcomes.append(outcome)
    assert outcome.alert.is_among(prometheus.firing)
    assert alerting(cluster) == "up"
    began = time.monotonic()
    with stopped(cluster, "alertmanager"):
        # The database is away for a while in another drill; what asks it then knows nothing.
        wait_until(lambda: alerting(cluster) == "down", "health tells that no alerts arrive", 300)
        wait_until(lambda: silences(cluster), "operators are told that no alerts arrive", 150)
        outcome.fired = time.monotonic() - began
    began = time.monotonic()
    wait_until(lambda: alerting(cluster) == "up", "alerts arrive again", 120)
    outcome.cleared = time.monotonic() - began


def alerting(cluster: RunningCluster) -> str:
    time.sleep(1)
    try:
        parts = cluster.call("operator", "GET", "/health")[1]["parts"]
    except (OSError, http.client.HTTPException):
        return "unknown"
    return str(next(each["status"] for each in parts if each["name"] == "alerting"))


def silences(cluster: RunningCluster) -> list[dict[str, Any]]:
    time.sleep(1)
    status, page = cluster.call("operator", "GET", "/notifications?kind=ALERTS_SILENT")
    return list(page["results"]) if status == 200 else []


def api_breaks_its_promises(cluster: RunningCluster, prometheus: Prometheus) -> None:
    """Slow requests, then failing ones, until the alerts fire; then so many good ones that they weigh little."""
    slow = Outcome("a table is locked", alert("ApiLatencyBudgetBurn", window="1h"))
    failing = Outcome("MySQL is stopped", alert("ApiErrorBudgetBurn", window="1h"))
    down = Outcome("MySQL is stopped", alert("StoreDown", store="mysql"))
    prometheus.outcomes += [slow, failing, down]
    prometheus.wait_calm(slow.alert, failing.alert, down.alert)
    began = time.monotonic()
    prometheus.await_all([slow], began, fires=True, timeout=360, meanwhile=lambda: slow_requests(cluster))
    began = time.monotonic()
    with stopped(cluster, "mysql"):
        prometheus.await_all(
            [failing, down], began, fires=True, timeout=360, meanwhile=lambda: failing_request(cluster)
        )
    mended, enough = time.monotonic(), Event()
    with ThreadPoolExecutor(3) as pool:
        senders = [pool.submit(good_requests, cluster, enough) for _ in range(3)]
        try:
            prometheus.await_all([down, slow, failing], mended, fires=False, timeout=420)
        finally:
            enough.set()
        for sender in senders:
            sender.result()


def slow_requests(cluster: RunningCluster, at_once: int = 8) -> None:
    """As many requests as the API has threads, each of which waits for a lock for more than half a second."""
    with ThreadPoolExecutor(at_once) as pool:
        with locked_table(cluster, "transactions", "WRITE"):
            asked = [pool.submit(cluster.call, "shop", "GET", "/transactions?limit=1") for _ in range(at_once)]
            time.sleep(0.8)
        assert {each.result()[0] for each in asked} == {200}


def failing_request(cluster: RunningCluster) -> None:
    status, _ = cluster.call("shop", "GET", "/transactions?limit=1")
    assert status >= 500
    time.sleep(0.2)


def good_requests(cluster: RunningCluster, enough: Event) -> None:
    """Ask for the types of problems, which need no database, over one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", cluster.layout.ports["api"], timeout=30)
    while not enough.is_set():
        connection.request("GET", "/problems")
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200
    connection.close()
