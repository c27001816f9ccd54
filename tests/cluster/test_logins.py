"""A refused login shows in three places: in the brokers' figures, in mtail's counts, and in the index of logs."""

import json
import urllib.error
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from native.driving.embedded import wait_until
from native.driving.running import RunningCluster
from native.driving.scraping import Scrape, scrape
from native.layout import NODES

pytestmark = pytest.mark.cluster
WRONG = "not the password of fraud"
KAFKAS_NAME = "kafka_server_socket_server_metrics_{}_authentication_total"
MTAILS_NAME = "kafka_authentication_log_lines_total"
REFUSED = {
    "outcome": "failed",
    "principal": "fraud",
    "address": "127.0.0.1",
    "reason": "Invalid client credentials",
}


def brokers(cluster: RunningCluster) -> list[Scrape]:
    return [scrape(cluster.layout.ports[f"kafka metrics {node}"]) for node in NODES]


def settled(cluster: RunningCluster, outcome: str) -> float:
    """Logins of clients that all brokers settled so, by their own figures."""
    name = KAFKAS_NAME.format(outcome)
    return sum(sum(each.values(name, listener="CLIENTS")) for each in brokers(cluster))


def counted(cluster: RunningCluster, **labels: str) -> float:
    return sum(scrape(cluster.layout.ports["mtail metrics"]).values(MTAILS_NAME, **labels))


def lines(cluster: RunningCluster) -> list[dict[str, str]]:
    """What brokers have written of logins."""
    files = sorted((cluster.layout.var / "log").glob("authentication-*.log"))
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def indexed(cluster: RunningCluster, since: datetime, **fields: str) -> list[dict[str, Any]]:
    cluster.elasticsearch("/kafka-logs/_refresh")
    terms = [{"term": {name: value}} for name, value in fields.items()]
    query = {"bool": {"filter": [{"range": {"@timestamp": {"gte": since.isoformat()}}}, *terms]}}
    hits = cluster.elasticsearch("/kafka-logs/_search", {"query": query, "size": 1000})["hits"]["hits"]
    return [hit["_source"] for hit in hits]


def try_to_log_in(cluster: RunningCluster, principal: str, password: str | None = None) -> bool:
    """Whether a client may log in; one that may not tries again and again for these seconds."""
    admin = AdminClient(cluster.login(principal, password))
    try:
        return bool(admin.list_topics(timeout=5).brokers)
    except KafkaException:
        return False


def test_a_wrong_password_is_seen_in_figures_counts_and_index(cluster: RunningCluster) -> None:
    began = datetime.now(UTC)
    before, counted_before = settled(cluster, "failed"), counted(cluster, **REFUSED)
    assert not try_to_log_in(cluster, "fraud", WRONG)
    wait_until(lambda: settled(cluster, "failed") > before, "brokers have counted it", timeout=10)
    wait_until(lambda: counted(cluster, **REFUSED) > counted_before, "mtail has counted it", timeout=10)
    wait_until(lambda: indexed(cluster, began, **REFUSED), "the index has it", timeout=30)
    (first, *_) = indexed(cluster, began, **REFUSED)
    assert first["broker"] in {f"kafka-{node}" for node in NODES}
    assert first["mechanism"] == "SCRAM-SHA-512"


def test_a_good_login_is_counted_and_indexed_too(cluster: RunningCluster) -> None:
    began, before = datetime.now(UTC), counted(cluster, outcome="succeeded", principal="deployer", reason="")
    assert try_to_log_in(cluster, "deployer")
    wait_until(
        lambda: counted(cluster, outcome="succeeded", principal="deployer", reason="") > before,
        "mtail has counted it",
        timeout=10,
    )
    wait_until(lambda: indexed(cluster, began, outcome="succeeded", principal="deployer"), "the index has it")


def test_each_login_is_one_line(cluster: RunningCluster) -> None:
    def difference() -> tuple[float, int]:
        figures = settled(cluster, "failed") + settled(cluster, "successful")
        return figures - figures_before, len(lines(cluster)) - lines_before

    figures_before, lines_before = settled(cluster, "failed") + settled(cluster, "successful"), len(lines(cluster))
    try_to_log_in(cluster, "fraud", WRONG)
    # Others log in all the while: at some moment both were read between two logins.
    wait_until(lambda: difference()[0] == difference()[1] > 0, "as many lines as logins", 30, difference)


def test_every_line_that_brokers_wrote_is_indexed_once(cluster: RunningCluster) -> None:
    def missing() -> tuple[Counter[str], Counter[str]]:
        written = Counter(each["time"] for each in lines(cluster))
        times = [str(each["@timestamp"]) for each in indexed(cluster, began)]
        return Counter({time: count for time, count in written.items() if time >= start}) - Counter(times), Counter(
            times
        ) - written

    began = datetime.now(UTC)
    start = began.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    try_to_log_in(cluster, "fraud", WRONG)
    wait_until(lambda: missing() == (Counter(), Counter()), "the index has every line, and none twice", 30, missing)


def test_no_line_holds_a_password(cluster: RunningCluster) -> None:
    try_to_log_in(cluster, "fraud", WRONG)
    for file in (cluster.layout.var / "log").glob("*.log*"):
        assert WRONG not in file.read_text(errors="replace"), file


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/kafka-logs/_search", None),
        ("/transactions/_search", None),
        ("/transactions/_doc", {"order_id": "a"}),
        ("/kafka-logs/_update/1", {"doc": {"reason": ""}}),
    ],
)
def test_who_ships_logs_can_neither_read_nor_change(cluster: RunningCluster, path: str, body: Any) -> None:
    with pytest.raises(urllib.error.HTTPError, match="403"):
        cluster.elasticsearch(path, body, user="logs")
