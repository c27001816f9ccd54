"""Many bad records in a row, and the worker as a process."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from monitoring.health import Down
from monitoring.stored_checks import records
from native.driving.embedded import Platform, free_ports, wait_until
from native.driving.scraping import scrape
from streaming import clients
from streaming.clients import Outgoing, send_all
from streaming.consuming import stops
from streaming.consuming.burial_streaks import Streak
from streaming.models import BurialStreak, StoppedGroup
from streaming.partitioner import home_of
from streaming.topics import Topic
from tests.streaming.conftest import Orders

P1 = ("transactions", 1)


@pytest.mark.django_db
def test_a_long_streak_is_on_health_until_something_could_be_processed() -> None:
    streak_log = stops.StreakLog("recorder")
    streak_log.record({P1: Streak(99, 98, "bad")}, set())
    records()
    streak_log.record({P1: Streak(150, 149, "bad")}, set())
    with pytest.raises(Down, match=r"recorder has buried 150 records in a row of transactions\[1\].*offset 149"):
        records()
    streak_log.record({}, {("transactions", 2)})
    assert BurialStreak.objects.exists()
    # Another process of the group has the partition now.
    stops.StreakLog("recorder").record({}, {P1})
    records()


@pytest.mark.django_db
def test_a_streak_to_which_nothing_was_added_for_long_is_over() -> None:
    stops.StreakLog("recorder").record({P1: Streak(150, 149, "bad")}, set())
    BurialStreak.objects.update(last_at=timezone.now() - stops.GOES_ON_WHILE - timedelta(seconds=1))
    records()


@pytest.mark.django_db
def test_whom_to_resume_is_told_where_nobody_stands_still() -> None:
    with pytest.raises(CommandError, match=r"fraud does not stand still\. Of all groups: none does"):
        call_command("resume", "fraud")


def test_a_group_stands_still_over_restarts_until_it_is_resumed_and_others_go_on(
    platform_processes: Platform, orders: Orders
) -> None:
    (port,) = free_ports(1)
    arguments = ("run_consumer", "--batch-size", "20", "--metrics-port", str(port))
    platform_processes.environment["MAX_BURIED_IN_A_ROW"] = "50"
    fraud = platform_processes.start(*arguments)
    platform_processes.environment["MAX_BURIED_IN_A_ROW"] = "0"
    recorder = platform_processes.start("run_recorder")
    (order,) = orders(1)
    key = str(order.user_id).encode()
    good = Outgoing(Topic.TRANSACTIONS, key, clients.codec().encode(order))
    send_all(clients.producer(), [*[Outgoing(Topic.TRANSACTIONS, key, None)] * 300, good])
    wait_until(lambda: scrape(port).value("platform_worker_stopped") == 1, "fraud stands still")
    wait_until(lambda: platform_processes.query("SELECT count(*) FROM transactions") == [(1,)], "the recorder goes on")
    fraud.terminate()
    assert fraud.wait(20) == 0
    fraud = platform_processes.start(*arguments)
    wait_until(lambda: scrape(port).value("platform_worker_stopped") == 1, "a restart changes nothing")
    ((group, partition),) = platform_processes.query('SELECT "group", partition FROM streaming_stoppedgroup')
    assert (group, partition) == ("fraud", home_of(order.user_id, 3))
    assert "goes on within a few seconds" in platform_processes.run("resume", "fraud")
    handled = "platform_worker_events_handled_total"
    wait_until(lambda: scrape(port).value(handled, topic="transactions") == 1, "fraud has gone on to the good one")
    assert (fraud.poll(), recorder.poll()) == (None, None)


@pytest.mark.django_db
def test_a_group_that_stands_still_is_on_health() -> None:
    StoppedGroup.objects.create(group="fraud", topic="transactions", partition=1, offset=106, reason="user 7 is secret")
    with pytest.raises(Down, match=r"fraud stands still since .*transactions\[1\].*manage.py resume fraud") as it:
        records()
    assert "secret" not in str(it.value)
    call_command("resume", "fraud")
    records()
