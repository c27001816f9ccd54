"""A topic that is deleted and made anew under its groups, on a real broker."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from monitoring.known_groups import KnownGroups
from monitoring.observation import GroupStatus, Observation
from monitoring.observer import Observer
from monitoring.reasons import Reason, Verdict
from native.driving.embedded import wait_until
from streaming import clients
from streaming.clients import Outgoing, send_all
from streaming.producing.publish import producer

pytestmark = pytest.mark.django_db
TOPIC, GROUP = "stock.levels", "stock-levels"


@pytest.fixture
def admin(kafka: AdminClient) -> Iterator[AdminClient]:
    """The topic has 500 records, and the group has read all of them; nobody is in it."""
    make(kafka)
    write(500)
    commit(500)
    yield kafka
    delete(kafka)


def make(admin: AdminClient) -> None:
    for made in admin.create_topics([NewTopic(TOPIC, 1, 1)]).values():
        made.result()
    wait_until(lambda: TOPIC in admin.list_topics(timeout=10).topics, "the topic is there")


def delete(admin: AdminClient) -> None:
    for deleted in admin.delete_topics([TOPIC]).values():
        deleted.result()
    wait_until(lambda: TOPIC not in admin.list_topics(timeout=10).topics, "the topic is gone")


def write(count: int) -> None:
    send_all(producer(), [Outgoing(TOPIC, None, b"x") for _ in range(count)])


def commit(offset: int) -> None:
    consumer = clients.consumer(GROUP)
    consumer.commit(offsets=[TopicPartition(TOPIC, 0, offset)], asynchronous=False)
    consumer.close()


@contextmanager
def made_anew(admin: AdminClient) -> Iterator[None]:
    delete(admin)
    make(admin)
    write(20)
    yield


def seen_by(observer: Observer) -> GroupStatus | None:
    seen = observer.observe()
    assert isinstance(seen, Observation), seen
    return next((each for each in seen.groups if each.group.name == GROUP), None)


def test_a_monitor_that_knew_the_topic_before_says_that_its_records_wait(admin: AdminClient) -> None:
    observer = Observer(known=KnownGroups({}))
    before = seen_by(observer)
    assert before is not None
    assert before.judgement.reason is Reason.CAUGHT_UP
    with made_anew(admin):
        after = seen_by(observer)
    assert after is not None
    # Half a minute later, it is one that nobody is in.
    assert (after.lag, after.judgement.reason) == (20, Reason.REWOUND)


def test_a_monitor_that_starts_later_says_that_nothing_is_known(admin: AdminClient) -> None:
    with made_anew(admin):
        after = seen_by(Observer(known=KnownGroups({})))
    # Kafka itself forgets a group without offsets, after some time.
    if after is not None:
        assert (after.judgement.verdict, after.judgement.reason) == (Verdict.UNKNOWN, Reason.UNKNOWN)
        assert "committed nothing" in after.judgement.detail


def test_an_offset_of_the_topic_before_is_no_place_in_the_new_one(admin: AdminClient) -> None:
    with made_anew(admin):
        commit(500)
        after = seen_by(Observer())
    assert after is not None
    assert (after.lag, after.judgement.reason) == (20, Reason.STOPPED)


def test_a_group_that_is_deleted_with_its_topic_is_left_out(admin: AdminClient) -> None:
    observer = Observer(known=KnownGroups({}))
    assert seen_by(observer) is not None
    admin.delete_consumer_groups([GROUP])[GROUP].result()
    still = seen_by(observer)
    assert still is not None
    assert still.group.state == "GONE"
    delete(admin)
    assert seen_by(observer) is None
    make(admin)
