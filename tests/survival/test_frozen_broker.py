"""One broker of three hangs: it is not dead, and answers nobody. As run_monitor sees it, and the API tells it."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import KafkaException, TopicPartition
from django.core.management import call_command

from accounts.roles import Role
from monitoring import live
from monitoring.exporter import Exporter
from monitoring.known_groups import KnownGroups
from monitoring.management.commands.run_monitor import observe
from monitoring.observer import Observer
from native.driving.embedded import wait_until
from streaming import clients
from tests.brokers import Cluster, three_brokers
from tests.conftest import ClientAs

pytestmark = [pytest.mark.broker, pytest.mark.django_db(transaction=True)]
GROUPS = [f"group-{number}" for number in range(6)]


@pytest.fixture
def cluster(tmp_path: Path, settings: Any) -> Iterator[Cluster]:
    """Three brokers with the platform's topics, and groups that stand in each partition of `transactions`."""
    with three_brokers(tmp_path) as brokers:
        settings.KAFKA = {"bootstrap.servers": brokers.addresses, "log_level": "0"}
        clients.admin.cache_clear()
        call_command("create_topics", stdout=StringIO())
        partitions = clients.admin().list_topics(timeout=10).topics["transactions"].partitions
        at_begin = [TopicPartition("transactions", each, 0) for each in partitions]
        for group in GROUPS:
            wait_until(partial(commits, group, at_begin), f"{group} has a coordinator", 60)
        yield brokers
        clients.admin.cache_clear()


def commits(group: str, offsets: list[TopicPartition]) -> bool:
    consumer = clients.consumer(group)
    try:
        consumer.commit(offsets=offsets, asynchronous=False)
    except KafkaException:
        # The brokers have not settled yet who coordinates the group.
        return False
    finally:
        consumer.close()
    return True


@contextmanager
def frozen(cluster: Cluster, number: int) -> Iterator[None]:
    cluster.brokers[number].send_signal(signal.SIGSTOP)
    yield
    cluster.brokers[number].send_signal(signal.SIGCONT)


def test_the_others_tell_what_they_know(cluster: Cluster, client_as: ClientAs) -> None:
    exporter = Exporter(Observer(known=KnownGroups({})))
    client = client_as(Role.OPERATOR)

    def answer() -> Any:
        observe(exporter)
        live.forget()
        return client.get("/monitoring/kafka")

    def groups_are_told() -> bool:
        before.update(answer().json())
        return {each["name"] for each in before.get("groups", ())} == set(GROUPS)

    before: dict[str, Any] = {}
    wait_until(groups_are_told, "all is told", 60)
    assert {each["verdict"] for each in before["groups"]} == {"OK"}
    with frozen(cluster, 3):
        # The first look is one with a client that takes the frozen broker for alive.
        for _ in range(3):
            seen = answer()
            assert seen.status_code == 200, seen.content
            told = seen.json()
            assert told["silent_brokers"] == [3]
            assert len(told["brokers"]) == 3
            topic = next(each for each in told["topics"] if each["name"] == "transactions")
            unknown = {each["partition"] for each in topic["partitions"] if each["end_offset"] is None}
            assert unknown == {each["partition"] for each in topic["partitions"] if each["leader"] == 3} != set()
            letters = next(each for each in told["dead_letters"] if each["topic"] == "transactions.dead-letters")
            assert letters["messages"] is None
            # None of them is said to have read what nobody can tell the end of.
            assert {each["name"] for each in told["groups"]} == set(GROUPS)
            assert {(each["verdict"], each["reason"]) for each in told["groups"]} == {("UNKNOWN", "UNKNOWN")}
            kafka = next(each for each in client.get("/health").json()["parts"] if each["name"] == "kafka")
            assert kafka["status"] == "down"
            assert kafka["why"].startswith("Of 3 brokers, 3 does not answer.")

    def all_is_well() -> bool:
        told = answer()
        return told.status_code == 200 and {each["verdict"] for each in told.json()["groups"]} == {"OK"}

    wait_until(all_is_well, "it answers again", 60)
