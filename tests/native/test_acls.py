"""The rules of native/security/acls.py. Whether a broker keeps them is tested on a running cluster."""

import itertools

from native.security import acls
from native.security.accounts import binding
from native.security.acls import CHANGES, DEAD_LETTERS, STATUS, TRANSACTIONS, Operation, Resource, allowed
from reconciliation.services import READER
from reconciliation.services import TOPICS as TOPICS_COMPARED
from streaming import topology
from streaming.topics import TOPICS as TOPICS_OF_EVENTS
from streaming.topics import Topic
from streaming.topology import EVENTS

TOPICS = [*EVENTS, CHANGES, *DEAD_LETTERS]


def may(operation: Operation, topic: str) -> set[str]:
    return {principal for principal in acls.principals() if allowed(principal, operation, Resource.TOPIC, topic)}


def test_who_may_write_what() -> None:
    assert may(Operation.WRITE, TRANSACTIONS) == {"connect", "producer", "recorder", "redrive", "relay"}
    assert may(Operation.WRITE, STATUS) == {"connect", "redrive", "relay"}
    assert may(Operation.WRITE, CHANGES) == {"connect"}


def test_who_may_read_what() -> None:
    assert may(Operation.READ, TRANSACTIONS) == {
        "aggregator", "fraud", "monitor", "notifier", "reconciler", "recorder", "redrive",
    }  # fmt: skip
    assert may(Operation.READ, STATUS) == {"aggregator", "monitor", "notifier", "reconciler", "redrive"}
    assert may(Operation.READ, CHANGES) == {"connect", "indexer", "monitor"}


def test_the_api_has_no_account_and_the_monitor_reads_whatever_a_group_may_lag_in() -> None:
    assert "api" not in acls.principals()
    assert all(allowed("monitor", Operation.READ, Resource.TOPIC, topic) for topic in TOPICS)


def test_the_monitor_changes_nothing() -> None:
    changing = {Operation.WRITE, Operation.CREATE, Operation.ALTER_CONFIGS, Operation.IDEMPOTENT_WRITE}
    assert not [grant for grant in acls.grants() if grant.principal == "monitor" and grant.operation in changing]
    assert not any(allowed("monitor", Operation.READ, Resource.GROUP, group) for group in topology.readers()), (
        "who may read as a group may commit for it"
    )


def test_nobody_may_commit_for_the_group_of_another() -> None:
    for worker in topology.WORKERS:
        if worker.group:
            others = set(acls.principals()) - {worker.name}
            assert allowed(worker.name, Operation.READ, Resource.GROUP, worker.group)
            assert not {other for other in others if allowed(other, Operation.READ, Resource.GROUP, worker.group)}


def test_writing_brings_describing_and_nothing_else() -> None:
    operations = {each for each in Operation if allowed("producer", each, Resource.TOPIC, TRANSACTIONS)}
    assert operations == {Operation.WRITE, Operation.DESCRIBE}


def test_a_prefix_covers_what_begins_with_it_only() -> None:
    assert allowed("connect", Operation.WRITE, Resource.TOPIC, "connect-offsets")
    assert not allowed("connect", Operation.WRITE, Resource.TOPIC, "offsets-of-connect-")


def test_kafkas_client_is_given_plain_names() -> None:
    assert {type(binding(grant).name) for grant in acls.grants()} == {str}


def test_no_grant_stands_twice() -> None:
    assert len(set(acls.grants())) == len(acls.grants())


def test_every_worker_may_read_its_topics_in_its_group_and_write_their_dead_letters() -> None:
    for worker in topology.WORKERS:
        for topic in worker.reads:
            assert allowed(worker.name, Operation.READ, Resource.TOPIC, topic)
            assert allowed(worker.name, Operation.WRITE, Resource.TOPIC, topic.dead_letters)


def test_every_event_has_a_topic_of_the_topology() -> None:
    assert {*EVENTS, CHANGES} == set(Topic)
    assert set(EVENTS) == set(TOPICS_OF_EVENTS.values())


def test_the_deployer_makes_every_topic_and_touches_no_record() -> None:
    for topic, operation in itertools.product(TOPICS, (Operation.READ, Operation.WRITE)):
        assert allowed("deployer", Operation.CREATE, Resource.TOPIC, topic)
        assert not allowed("deployer", operation, Resource.TOPIC, topic)


def test_the_reconciler_reads_what_it_compares_as_nobody_else_and_writes_nothing() -> None:
    grants = [grant for grant in acls.grants() if grant.principal == READER]
    assert {grant.operation for grant in grants} == {Operation.READ}
    for topic in TOPICS_COMPARED:
        assert allowed(READER, Operation.READ, Resource.TOPIC, topic)
        assert allowed(READER, Operation.READ, Resource.TOPIC, topic.dead_letters)
    assert {grant.name for grant in grants if grant.resource == Resource.GROUP} == {READER}
