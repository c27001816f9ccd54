"""What run_monitor tells Prometheus of a real broker."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient
from prometheus_client import CollectorRegistry, generate_latest

from monitoring.exporter import Exporter
from monitoring.known_groups import GONE, KnownGroups
from monitoring.observation import Observation, Outage
from monitoring.observer import Observer
from native.driving.embedded import Platform, free_ports, wait_until
from native.driving.scraping import Scrape, documented, scrape
from streaming.consumer_groups import delete_group
from streaming.inspecting.lag import end_offsets
from streaming.topics import Topic
from tests.monitoring.test_kafka import commit, member, write

pytestmark = pytest.mark.django_db
LABELS_OF_KAFKA_EXPORTER = {
    "kafka_consumergroup_lag": {"consumergroup", "topic", "partition"},
    "kafka_consumergroup_lag_sum": {"consumergroup", "topic"},
    "kafka_topic_partition_current_offset": {"topic", "partition"},
}

SUBJECT = re.compile("Kafka|[Tt]he (partition|topic|consumer group)")


@pytest.fixture
def exporter(kafka: AdminClient) -> Exporter:
    return Exporter(Observer(known=KnownGroups({"fraud": [Topic.TRANSACTIONS]})))


def served(exporter: Exporter) -> Scrape:
    registry = CollectorRegistry()
    registry.register(exporter)
    return Scrape(generate_latest(registry).decode())


def test_a_running_monitor_tells_all_that_is_documented(platform_processes: Platform, kafka: AdminClient) -> None:
    write(60)
    commit("recorder", kafka, behind=2)
    commit("notifier", kafka)
    [port] = free_ports(1)
    platform_processes.environment["CERTIFICATES_WATCHED"] = "var/no-such-certificate.pem"
    platform_processes.start("run_monitor", "--metrics-port", str(port), "--interval", "0.2")
    # Trends, and the age of lag, take more than one look.
    wait_until(
        lambda: scrape(port).families() == documented("The Kafka cluster and its consumer groups"), "all is told"
    )
    told = scrape(port)
    assert told.value("platform_monitor_up") == 1
    assert told.value("kafka_brokers") == 1
    assert told.value("kafka_topic_partitions", topic="transactions") == 3
    assert told.value("kafka_consumergroup_lag_sum", consumergroup="recorder", topic="transactions") == 6
    assert told.value("kafka_consumergroup_members", consumergroup="recorder") == 0
    assert told.value("kafka_consumergroup_verdict", consumergroup="recorder", verdict="ERR") == 1
    assert told.value("kafka_consumergroup_verdict", consumergroup="recorder", verdict="OK") == 0
    stopped = told.values("kafka_consumergroup_partition_verdict", consumergroup="recorder", verdict="STOP")
    assert stopped == [1, 1, 1]
    # The platform's own workers are in view though none of them has ever run.
    assert told.value("kafka_consumergroup_lag_sum", consumergroup="aggregator", topic="transactions") == 60


def test_every_help_text_says_by_itself_what_it_is_about(exporter: Exporter, kafka: AdminClient) -> None:
    write(3)
    commit("recorder", kafka)
    exporter.observe()
    texts = {metric.name: metric.documentation for metric in exporter.collect()}
    assert len(set(texts.values())) == len(texts)
    assert {name: text for name, text in texts.items() if not SUBJECT.search(text)} == {}


def test_names_and_labels_are_those_of_kafka_exporter(exporter: Exporter, kafka: AdminClient) -> None:
    write(3)
    exporter.observe()
    labels = {name: set(labels) for name, _, labels in served(exporter).families()}
    assert {name: labels[name] for name in LABELS_OF_KAFKA_EXPORTER} == LABELS_OF_KAFKA_EXPORTER
    for number in range(3):
        end = end_offsets(kafka, [("transactions", number)])["transactions", number]
        told = served(exporter)
        where = {"topic": "transactions", "partition": str(number)}
        assert told.value("kafka_topic_partition_current_offset", **where) == end
        assert told.value("kafka_topic_partition_in_sync_replica", **where) == 1
        assert told.value("kafka_topic_partition_leader_is_preferred", **where) == 1


def test_a_group_that_kafka_has_forgotten_stays_and_goes_on_to_lag(exporter: Exporter, kafka: AdminClient) -> None:
    write(60)
    commit("recorder", kafka)
    exporter.observe()
    assert served(exporter).value("kafka_consumergroup_lag_sum", consumergroup="recorder") == 0
    for deleted in kafka.delete_consumer_groups(["recorder"]).values():
        deleted.result()
    write(30)
    observed = exporter.observe()
    assert isinstance(observed, Observation)
    assert {each.group.name: each.group.state for each in observed.groups}["recorder"] == GONE
    assert served(exporter).value("kafka_consumergroup_lag_sum", consumergroup="recorder") == 30
    assert served(exporter).value("kafka_consumergroup_verdict", consumergroup="recorder", verdict="ERR") == 1


def test_a_group_out_of_use_that_was_deleted_is_missed_by_nobody(kafka: AdminClient) -> None:
    group = "connect-elasticsearch-sink"
    exporter = Exporter(Observer(known=KnownGroups({"fraud": [Topic.TRANSACTIONS]}, out_of_use=[group])))
    write(60)
    commit(group, kafka, behind=1)
    exporter.observe()
    # While it is there, it is seen like any other.
    assert served(exporter).value("kafka_consumergroup_lag_sum", consumergroup=group) == 3
    assert delete_group(kafka, group, timeout=30)
    exporter.observe()
    assert served(exporter).values("kafka_consumergroup_lag_sum", consumergroup=group) == []
    assert served(exporter).values("kafka_consumergroup_verdict", consumergroup=group) == []


def test_an_expected_group_lags_by_all_that_is_kept_until_it_commits(exporter: Exporter, kafka: AdminClient) -> None:
    write(60)
    exporter.observe()
    assert served(exporter).value("kafka_consumergroup_lag_sum", consumergroup="fraud") == 60
    with member("fraud"):
        exporter.observe()
        assert served(exporter).value("kafka_consumergroup_members", consumergroup="fraud") == 1
        assert served(exporter).value("kafka_consumergroup_lag_sum", consumergroup="fraud") == 60
    commit("fraud", kafka, behind=1)
    exporter.observe()
    assert served(exporter).value("kafka_consumergroup_lag_sum", consumergroup="fraud") == 3


@pytest.fixture
def kafka_goes_away(settings: Any) -> Iterator[Any]:
    from streaming import clients

    def go() -> None:
        settings.KAFKA = {"bootstrap.servers": "127.0.0.1:1", "log_level": "0"}
        clients.admin.cache_clear()

    yield go
    clients.admin.cache_clear()


def test_while_kafka_is_away_groups_stay_as_they_were(
    exporter: Exporter, kafka: AdminClient, kafka_goes_away: Any
) -> None:
    write(60)
    commit("recorder", kafka, behind=1)
    exporter.observe()
    kafka_goes_away()
    assert isinstance(exporter.observe(), Outage)
    told = served(exporter)
    assert (told.value("platform_monitor_up"), told.value("kafka_brokers")) == (0, 0)
    assert told.value("kafka_consumergroup_lag_sum", consumergroup="recorder") == 3
