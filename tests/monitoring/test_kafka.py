"""The Kafka status on a real broker, as run_monitor sees it and the API tells it."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient

from accounts.roles import Role
from monitoring.exporter import Exporter
from monitoring.management.commands.run_monitor import observe
from monitoring.observation import GroupStatus, Observation
from monitoring.observer import Observer
from monitoring.reasons import PartitionVerdict, Reason, Verdict
from monitoring.selectors import rates_since
from monitoring.verdicts import Judgement
from native.driving.embedded import wait_until
from streaming import clients
from streaming.clients import Outgoing, send_all
from streaming.dead_letters.dead_letter import GROUP, ORIGIN, REASON
from streaming.inspecting import record_timestamps
from streaming.inspecting.lag import end_offsets
from streaming.producing.publish import producer
from streaming.topics import Topic
from tests.conftest import ClientAs

pytestmark = pytest.mark.django_db


def write(count: int, topic: str = Topic.TRANSACTIONS) -> None:
    send_all(producer(), [Outgoing(topic, str(n).encode(), b"x") for n in range(count)])


def commit(group: str, admin: AdminClient, *, behind: int = 0, topic: str = Topic.TRANSACTIONS) -> None:
    """Commit for a group, in every partition, so many records before the end; nobody is in the group afterwards."""
    ends = end_offsets(admin, [(topic, number) for number in range(3)])
    consumer = clients.consumer(group)
    consumer.commit(offsets=[TopicPartition(*p, end - behind) for p, end in ends.items()], asynchronous=False)
    consumer.close()


@contextmanager
def member(group: str) -> Iterator[Consumer]:
    """Somebody in the group who has all partitions of `transactions` and commits nothing."""
    consumer = clients.consumer(group)
    consumer.subscribe([Topic.TRANSACTIONS])
    wait_until(lambda: consumer.poll(0.05) or len(consumer.assignment()) == 3, "the partitions are assigned")
    yield consumer
    consumer.close()


def status(client_as: ClientAs) -> dict[str, Any]:
    """The answer after a look by a run_monitor that has just started."""
    observe(Exporter(Observer()))
    answer = client_as(Role.OPERATOR).get("/monitoring/kafka")
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def group(client_as: ClientAs, name: str) -> dict[str, Any]:
    return next(each for each in status(client_as)["groups"] if each["name"] == name)


@pytest.mark.usefixtures("kafka")
def test_the_cluster_and_its_topics_are_described(client_as: ClientAs) -> None:
    write(30)
    answer = status(client_as)
    assert len(answer["brokers"]) == 1
    assert answer["controller"] == answer["brokers"][0]["id"]
    assert answer["under_replicated_partitions"] == answer["offline_partitions"] == []
    topic = next(each for each in answer["topics"] if each["name"] == "transactions")
    assert topic["records"] == 30
    assert [partition["in_sync"] for partition in topic["partitions"]] == [1, 1, 1]


def test_a_group_without_members_is_shown_with_its_lag(kafka: AdminClient, client_as: ClientAs) -> None:
    write(60)
    commit("recorder", kafka, behind=2)
    recorder = group(client_as, "recorder")
    assert recorder["members"] == []
    assert recorder["lag"] == 6
    assert [partition["lag"] for partition in recorder["partitions"]] == [2, 2, 2]
    assert (recorder["verdict"], recorder["reason"]) == ("ERR", "STOPPED")
    assert [partition["verdict"] for partition in recorder["partitions"]] == ["STOP", "STOP", "STOP"]
    assert (recorder["trend"], recorder["time_to_clear_seconds"], recorder["watched_seconds"]) == (None, None, 0)


def test_a_group_that_debezium_needs_only_at_its_start_is_left_out(kafka: AdminClient, client_as: ClientAs) -> None:
    write(60)
    commit("mysql-schemahistory", kafka, behind=2)
    commit("somebody", kafka, behind=2)
    names = {each["name"] for each in status(client_as)["groups"]}
    assert "somebody" in names
    assert "mysql-schemahistory" not in names


def test_the_age_of_lag_is_that_of_the_oldest_unread_record(kafka: AdminClient) -> None:
    began = datetime.now(UTC)
    write(60)
    commit("recorder", kafka, behind=1)
    commit("fraud", kafka, behind=2)
    commit("notifier", kafka)
    observer = Observer()
    groups: dict[str, GroupStatus] = {}

    def ages_are_known() -> bool:
        # The reader has its own connection, whose making may take longer than an answer may.
        observed = observer.observe()
        assert isinstance(observed, Observation)
        groups.update({each.group.name: each for each in observed.groups})
        return None not in groups["recorder"].ages.values() and None not in groups["fraud"].ages.values()

    wait_until(ages_are_known, "the records' times are read")
    assert groups["recorder"].lag_seconds is not None
    assert 0 <= groups["recorder"].lag_seconds <= (datetime.now(UTC) - began).total_seconds()
    assert groups["notifier"].lag_seconds == 0


def test_times_are_those_of_the_records_at_the_positions(kafka: AdminClient) -> None:
    write(60)
    start = end_offsets(kafka, [("transactions", 0)])["transactions", 0]
    write(60)
    positions = [("transactions", 0, start - 1), ("transactions", 0, start)]
    times: dict[record_timestamps.Position, Any] = {}
    wait_until(lambda: times.update(record_timestamps.received_at(positions)) or len(times) == 2, "both are read")
    consumer = clients.consumer("check")
    for position in positions:
        consumer.assign([TopicPartition(*position)])
        message = consumer.poll(10)
        assert message is not None
        assert times[position].timestamp() * 1000 == pytest.approx(message.timestamp()[1])
    consumer.close()


def test_a_position_beyond_the_last_record_has_no_time(kafka: AdminClient) -> None:
    end = end_offsets(kafka, [("transactions", 0)])["transactions", 0]
    assert record_timestamps.received_at([("transactions", 0, end)], timeout=5) == {("transactions", 0, end): None}


class Drill:
    """Watches a group with a window of a second, as different processes would: each look is a new one's."""

    def __init__(self, name: str) -> None:
        self.name = name

    def look(self) -> GroupStatus:
        observed = Observer(window=timedelta(seconds=1)).observe()
        assert isinstance(observed, Observation)
        return next(each for each in observed.groups if each.group.name == self.name)

    def ends_with(self, reason: Reason, verdict: PartitionVerdict) -> Judgement:
        """Look until the group is judged so, and every lagging partition too; gives the judgement."""
        wait_until(lambda: self.look().judgement.reason is reason, reason)
        seen = self.look()
        lagging = [each for each in seen.group.lags if each.lag]
        assert {seen.verdict_of((each.topic, each.partition)) for each in lagging} == {verdict}
        return seen.judgement


def test_drill_a_stopped_consumer(kafka: AdminClient) -> None:
    write(60)
    commit("fraud", kafka, behind=1)
    judgement = Drill("fraud").ends_with(Reason.STOPPED, PartitionVerdict.STOP)
    assert judgement.verdict == "ERR"


def test_drill_a_stalled_consumer_lives_and_commits_nothing(kafka: AdminClient) -> None:
    write(60)
    commit("fraud", kafka, behind=1)
    with member("fraud") as consumer:
        assert Drill("fraud").look().judgement.reason is Reason.WATCHING
        Drill("fraud").ends_with(Reason.STALLED, PartitionVerdict.STALL)
        consumer.commit(offsets=offsets_at_end(kafka), asynchronous=False)
        assert Drill("fraud").look().judgement.reason is Reason.CAUGHT_UP


def test_drill_a_rewound_consumer(kafka: AdminClient) -> None:
    write(60)
    commit("fraud", kafka)
    with member("fraud") as consumer:
        assert Drill("fraud").look().judgement.reason is Reason.CAUGHT_UP
        consumer.commit(offsets=offsets_at_end(kafka, behind=5), asynchronous=False)
        Drill("fraud").ends_with(Reason.REWOUND, PartitionVerdict.REWIND)
        consumer.commit(offsets=offsets_at_end(kafka), asynchronous=False)
        assert Drill("fraud").look().judgement.reason is Reason.CAUGHT_UP


def test_drill_a_healthy_busy_consumer_is_ok_with_a_time_to_clear(kafka: AdminClient) -> None:
    write(600)
    commit("fraud", kafka, behind=100)
    behind = 100
    with member("fraud") as consumer:
        seen = [Drill("fraud").look()]
        while seen[-1].judgement.watched_seconds < 1:
            behind -= 1
            consumer.commit(offsets=offsets_at_end(kafka, behind=behind), asynchronous=False)
            seen.append(Drill("fraud").look())
    assert {status.judgement.verdict for status in seen} == {Verdict.OK}
    judgement = seen[-1].judgement
    assert judgement.reason is Reason.MOVING
    assert judgement.trend is not None
    assert judgement.trend < 0
    assert judgement.seconds_to_clear == pytest.approx(seen[-1].lag / -judgement.trend, abs=0.1)


def offsets_at_end(admin: AdminClient, behind: int = 0) -> list[TopicPartition]:
    ends = end_offsets(admin, [("transactions", number) for number in range(3)])
    return [TopicPartition(*each, end - behind) for each, end in ends.items()]


def test_the_marker_that_ends_a_transaction_is_no_lag(kafka: AdminClient) -> None:
    partitions = [("transactions", number) for number in range(3)]
    before = end_offsets(kafka, partitions)
    transactional = clients.producer(**{"transactional.id": "of a test"})
    transactional.init_transactions()
    transactional.begin_transaction()
    transactional.produce("transactions", b"x", b"7")
    transactional.commit_transaction()

    def grown() -> list[tuple[str, int, int]]:
        return [(*p, end) for p, end in end_offsets(kafka, partitions).items() if end == before[p] + 2]

    wait_until(grown, "the record and its marker are written")
    [(topic, number, end)] = grown()
    consumer = clients.consumer("recorder")
    consumer.commit(offsets=[TopicPartition(topic, number, end - 1)], asynchronous=False)
    consumer.close()
    wait_until(lambda: Drill("recorder").look().judgement.reason is Reason.CAUGHT_UP, "nothing is left to read", 10)


def test_a_member_that_has_not_committed_yet_lags_by_all_that_is_kept(kafka: AdminClient, client_as: ClientAs) -> None:
    write(30)
    with member("aggregator"):
        aggregator = group(client_as, "aggregator")
    assert aggregator["lag"] == 30
    assert [each["partitions"] for each in aggregator["members"]] == [3]


def test_dead_letters_wait_until_they_are_redriven(kafka: AdminClient, client_as: ClientAs) -> None:
    dead = Topic.TRANSACTIONS.dead_letters
    write(4, dead)
    assert letters(status(client_as)) == {"topic": dead, "records": 4, "waiting": 4, "messages": 4}
    commit("redrive", kafka, topic=dead)
    assert letters(status(client_as)) == {"topic": dead, "records": 4, "waiting": 0, "messages": 0}
    write(1, dead)
    assert group(client_as, "redrive")["verdict"] == "WARN"


def letters(answer: dict[str, Any]) -> dict[str, Any]:
    return next(dict(each) for each in answer["dead_letters"] if each["topic"] == Topic.TRANSACTIONS.dead_letters)


def test_a_message_that_four_groups_buried_is_one(kafka: AdminClient) -> None:
    observer = Observer()

    def buried() -> int | None:
        seen = observer.observe()
        assert isinstance(seen, Observation)
        return seen.buried[Topic.TRANSACTIONS.dead_letters]

    bury(range(8))
    wait_until(lambda: buried() is not None, "the letters are read", 20)
    assert buried() == 8
    # What comes later is read from there on; a record of somebody's that tells no origin is a message of its own.
    bury(range(7, 9))
    write(2, Topic.TRANSACTIONS.dead_letters)
    wait_until(lambda: buried() == 11, "the later ones are read", 20)
    commit("redrive", kafka, topic=Topic.TRANSACTIONS.dead_letters)
    assert buried() == 0


def bury(numbers: Iterable[int]) -> None:
    """As four groups bury messages of these numbers."""
    send_all(
        producer(),
        [
            Outgoing(
                Topic.TRANSACTIONS.dead_letters,
                b"7",
                b"x",
                [(ORIGIN, f"transactions[0]@{number}".encode()), (GROUP, group.encode()), (REASON, b"unreadable")],
            )
            for number in numbers
            for group in ("recorder", "fraud", "aggregator", "notifier")
        ],
    )


@pytest.mark.usefixtures("kafka")
def test_watching_leaves_no_group_of_its_own(client_as: ClientAs) -> None:
    assert status(client_as)["groups"] == []


def test_the_status_tells_its_age(kafka: AdminClient, client_as: ClientAs) -> None:
    write(60)
    commit("recorder", kafka, behind=1)
    status(client_as)
    client = client_as(Role.OPERATOR)
    first = client.get("/monitoring/kafka").json()
    again = client.get("/monitoring/kafka").json()
    assert again["observed_at"] == first["observed_at"]
    age = (datetime.now(UTC) - datetime.fromisoformat(again["observed_at"])).total_seconds()
    assert 0 <= again["age_seconds"] <= age + 0.1


def test_throughput_is_measured_between_two_looks(kafka: AdminClient) -> None:
    observer = Observer(window=timedelta(seconds=1))
    observer.observe()
    write(500)
    commit("fraud", kafka)
    observed = observer.observe()
    assert isinstance(observed, Observation)
    [rates] = rates_since(observed.cluster.at - timedelta(milliseconds=1))
    assert rates.topics["transactions"] > 0
    assert rates.topics["fraud.alerts"] == 0
    names = {"transactions", "transactions.status", "transactions.corrections", "fraud.alerts"}
    assert set(rates.topics) == names
    assert rates_since(observed.cluster.at) == []
