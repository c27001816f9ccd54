"""Every part tells Prometheus what docs/metrics.md says of it."""

import re
import subprocess
import urllib.error
import urllib.parse
import urllib.request

import pytest

from grafana.prometheus_api import Prometheus
from native.configuration.prometheus import targets
from native.driving.embedded import wait_until
from native.driving.expected import Expected
from native.driving.running import RunningCluster
from native.driving.scraping import Scrape, documented, scrape
from native.driving.shop import Shop
from native.layout import NODES
from native.packages import debian
from native.security.certificates import CERTIFIED

pytestmark = pytest.mark.cluster
OF_EVERY_JAVA = ("jvm_", "process_", "jmx_")
Family = tuple[str, str, frozenset[str]]


def served(cluster: RunningCluster, *ports: str) -> set[Family]:
    """(name, type, labels) of everything that these serve of their own."""
    nothing: frozenset[str] = frozenset()
    scrapes: list[Scrape] = [scrape(cluster.layout.ports[port]) for port in ports]
    families = {family for each in scrapes for family in each.families(besides=nothing)}
    return {family for family in families if not family[0].startswith(OF_EVERY_JAVA)}


def test_prometheus_reaches_everybody(cluster: RunningCluster) -> None:
    expected = {(each["labels"]["job"], each["labels"]["instance"]) for each in targets(cluster.layout)}

    def health() -> dict[tuple[str, str], str]:
        active = Prometheus(cluster.layout.address("prometheus")).get("targets")["activeTargets"]
        return {(each["labels"]["job"], each["labels"]["instance"]): each["health"] for each in active}

    wait_until(lambda: health() == dict.fromkeys(expected, "up"), "every target is up", 60, health)


@pytest.mark.parametrize(
    ("chapter", "ports"),
    [
        ("Brokers", [f"kafka metrics {node}" for node in NODES]),
        ("ZooKeeper", [f"zookeeper metrics {node}" for node in NODES]),
        ("Kafka Connect", ["connect metrics"]),
    ],
)
def test_what_java_tells_is_what_is_documented(cluster: RunningCluster, chapter: str, ports: list[str]) -> None:
    wait_until(
        lambda: names(served(cluster, *ports)) == names(documented(chapter)),
        f"{chapter} tell all that is documented, and no more",
        30,
        lambda: names(served(cluster, *ports)) ^ names(documented(chapter)),
    )


def names(families: set[Family]) -> set[tuple[str, str]]:
    return {(name, kind) for name, kind, _ in families}


def test_labels_are_those_that_are_documented_or_fewer(cluster: RunningCluster) -> None:
    ports = [f"{part} metrics {node}" for part in ("kafka", "zookeeper") for node in NODES]
    told: dict[str, frozenset[str]] = {}
    for chapter in ("Brokers", "ZooKeeper", "Kafka Connect"):
        told |= {name: labels for name, _, labels in documented(chapter)}
    for name, _, labels in served(cluster, *ports, "connect metrics"):
        assert labels <= told[name], name


@pytest.mark.parametrize("name", ["mysql", "elasticsearch", "redis", "node", "mtail"])
def test_exporters_tell_what_is_documented_among_much_else(cluster: RunningCluster, name: str) -> None:
    def missing() -> set[str]:
        # By the names as they are: prometheus_client would put _total behind every counter.
        return wanted - set(re.findall(r"^\w+", scrape(cluster.layout.ports[f"{name} metrics"]).text, re.MULTILINE))

    wanted = {metric for metric, _, _ in documented(f"Exporters: {name}")}
    assert wanted
    wait_until(lambda: not missing(), f"{name} tells all that is documented", 30, missing)


def test_mysqls_exporter_sees_no_row_of_the_shop(cluster: RunningCluster) -> None:
    client = debian.command_of(cluster.layout.mysql, "usr/bin/mysql")
    options = [f"--defaults-extra-file={cluster.layout.var / 'exporters' / 'mysql.cnf'}", "--execute"]
    refused = subprocess.run([*client, *options, "SELECT * FROM shop.transactions"], capture_output=True, check=False)
    assert b"command denied" in refused.stderr
    assert subprocess.run([*client, *options, "SHOW GLOBAL STATUS"], capture_output=True, check=False).returncode == 0


def test_elasticsearchs_exporter_sees_no_document(cluster: RunningCluster) -> None:
    with pytest.raises(urllib.error.HTTPError, match="403"):
        cluster.elasticsearch("/transactions/_search", user="exporter")


def test_what_waits_in_the_outbox_and_when_certificates_end_is_told(cluster: RunningCluster) -> None:
    port = cluster.layout.ports["monitor metrics"]
    wait_until(lambda: scrape(port).value("platform_outbox_oldest_seconds") == 0, "nothing waits in the outbox")
    assert scrape(port).value("platform_outbox_waiting_rows") == 0
    for name in ("ca", *CERTIFIED):
        assert scrape(port).value("platform_certificate_expiry_timestamp_seconds", certificate=name) > 1.7e9


def test_the_outbox_is_said_to_wait_while_connect_is_away(cluster: RunningCluster, expected: Expected) -> None:
    def oldest() -> float:
        return scrape(cluster.layout.ports["monitor metrics"]).value("platform_outbox_oldest_seconds")

    stopped = ["connect-watchdog", "connect"]
    for name in stopped:
        cluster.stop(name)
    try:
        Shop(cluster, expected, seed=8).one_order()
        # Longer than a row is doubted for: it is not on its topic.
        wait_until(lambda: oldest() > 8, "the order waits", 30, oldest)
    finally:
        for name in reversed(stopped):
            cluster.start(name)
    wait_until(lambda: oldest() == 0, "nothing waits any more", 90, oldest)
