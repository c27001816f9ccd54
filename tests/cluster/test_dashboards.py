"""Every question of every panel, put to the Prometheus that watches the running cluster: none stays unanswered."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from math import isnan
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from grafana.generate import FOLDER
from grafana.prometheus_api import Prometheus, choices, filled_in, panels, queries, values_of_variables
from native.driving.embedded import wait_until
from native.driving.expected import Expected
from native.driving.faults import wrong_passwords
from native.driving.running import RunningCluster
from native.driving.shop import Shop
from tests.cluster.test_reconcile import reconcile
from tests.grafana.metrics import metrics_in

pytestmark = pytest.mark.cluster
DASHBOARDS: list[dict[str, Any]] = [json.loads(file.read_text()) for file in sorted(FOLDER.glob("*.json"))]
MOCK_ORDERS, MOCK_RATE, SEED = 1800, 20, 61

AFTER_TROUBLE = {"ALERTS", "django_http_exceptions_total_by_view_total"}
"""Metrics that are not there before something goes wrong; until then their panels say 0."""
OF_TROUBLE = {
    "platform-overview: Which alerts fire, and what is to be done?",
    "platform-overview: Which instances are silent?",
}
"""Tables without a row while all is well."""


@pytest.fixture(scope="module")
def prometheus(cluster: RunningCluster) -> Prometheus:
    return Prometheus(cluster.layout.address("prometheus"))


@pytest.fixture(scope="module", autouse=True)
def _traffic(cluster: RunningCluster, expected: Expected, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A shop that is open: orders by both doors, reads, calls that are refused, a client with a wrong password."""
    log: Path = tmp_path_factory.mktemp("traffic") / "producer.log"
    start = datetime.now(UTC).replace(microsecond=0)
    arguments = ["--rate", str(MOCK_RATE), "--count", str(MOCK_ORDERS), "--seed", str(SEED)]
    producer = cluster.begin("producer", "run_producer", *arguments, "--start", start.isoformat(), log=log)
    expected.mock(MOCK_ORDERS, SEED, start, MOCK_RATE)
    shop, closed = Shop(cluster, expected, seed=SEED + 1), Event()
    threads = [Thread(target=shop.keep_ordering, args=[closed]), Thread(target=look_around, args=[cluster, closed])]
    for thread in threads:
        thread.start()
    try:
        # Orders go on being made: what is on its way need not be in every stage within seconds.
        reconcile(cluster, "--settle", "60")
        decide(cluster)
        with wrong_passwords(cluster):
            yield
    finally:
        closed.set()
        for thread in threads:
            thread.join()
        assert producer.wait(180) == 0, log.read_text()


def look_around(cluster: RunningCluster, closed: Event) -> None:
    while not closed.wait(0.5):
        cluster.call("shop", "GET", "/transactions")
        cluster.call("shop", "POST", "/search/transactions", {})
        cluster.call("customer", "GET", "/fraud/alerts")
        # As a balancer does, of which this cluster has none.
        cluster.call("shop", "GET", "/health/ready")


def decide(cluster: RunningCluster) -> None:
    """Close two fraud alerts, one each way: nobody knows which share of none was fraud, nor how long none took."""
    _, found = cluster.call("investigator", "GET", "/fraud/alerts?status=OPEN")
    for alert, status in zip(found["results"], ("CONFIRMED", "DISMISSED"), strict=False):
        answer = cluster.call("investigator", "PATCH", f"/fraud/alerts/{alert['id']}", {"status": status, "note": "?"})
        assert answer[0] == 200, answer


def asked(prometheus: Prometheus) -> dict[str, str]:
    """Every query's place and expression, all values of its dashboard's variables being chosen."""
    return {
        f"{dashboard['uid']}: {panel['title']} ({query['refId']})": filled_in(query["expr"], values)
        for dashboard in DASHBOARDS
        for values in [values_of_variables(dashboard, prometheus)]
        for panel in panels(dashboard)
        for query in queries(panel)
    }


def unanswered(prometheus: Prometheus) -> dict[str, str]:
    return {
        where: expr
        for where, expr in asked(prometheus).items()
        if where.rpartition(" (")[0] not in OF_TROUBLE
        if all(isnan(series.last) for series in prometheus.at(expr))
    }


def test_every_query_of_every_panel_has_an_answer(prometheus: Prometheus, evidence: Path) -> None:
    number = len(asked(prometheus))
    # Rates take two scrapes of what has just begun.
    try:
        wait_until(lambda: not unanswered(prometheus), "every query has an answer", timeout=150)
    finally:
        empty = unanswered(prometheus)
        lines = [
            f"{number - len(empty)} of {number} queries non-empty",
            *(f"{at}: {expr}" for at, expr in empty.items()),
        ]
        print("", *lines, sep="\n")  # noqa: T201 - the figures of this run, to be read in its output
        (evidence / "dashboards.txt").write_text("\n".join(lines) + "\n")


def test_no_panel_says_nothing_because_a_metric_has_another_name(prometheus: Prometheus) -> None:
    # What stands in the place of a series that is not there would hide that.
    names = {name for expr in asked(prometheus).values() for name in metrics_in(expr)}
    assert names - prometheus.names() - AFTER_TROUBLE == set()


def test_every_variable_has_something_to_choose(prometheus: Prometheus) -> None:
    empty = {name for dashboard in DASHBOARDS for name, values in choices(dashboard, prometheus) if not values}
    assert empty == set()


def test_the_lines_of_logs_that_a_panel_shows_are_there(cluster: RunningCluster) -> None:
    [target] = [
        target
        for dashboard in DASHBOARDS
        for panel in panels(dashboard)
        if panel["type"] == "logs"
        for target in panel["targets"]
    ]
    found = {
        "query": {"bool": {"filter": [
            {"query_string": {"query": target["query"]}},
            {"term": {"outcome": "failed"}},
            {"range": {target["timeField"]: {"gte": "now-15m"}}},
        ]}},
    }  # fmt: skip
    wait_until(
        lambda: cluster.elasticsearch("/kafka-logs/_search", found)["hits"]["hits"],
        "a failed login is logged",
        timeout=60,
    )
