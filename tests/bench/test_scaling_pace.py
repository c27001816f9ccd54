"""Orders at an even rate: when they are due, which are watched, and how long these took to be seen."""

import numpy as np
import pytest

from bench.scaling.pace import WATCHED_USERS, NotSeen, Pace, Phase, Sightings, latencies, watched_users
from bench.workers.orders import LIMIT_CENTS
from streaming.partitioner import home_of

NOW_MS = 1_795_737_600_000
PACE = Pace([Phase(1000, warm_seconds=0.5, seconds=1), Phase(5000, warm_seconds=0.2, seconds=1)])
BEGINS = 7000.0


@pytest.fixture
def found() -> Sightings:
    return Sightings(PACE.orders(partitions=4, now_ms=NOW_MS), PACE)


def all_seen(found: Sightings, after: np.ndarray) -> Sightings:
    for place in np.flatnonzero(PACE.watched).tolist():
        found.note_order(place, BEGINS + PACE.due[place] + after[place])
    return found


def test_orders_are_due_evenly_at_the_rate_of_their_phase() -> None:
    gaps = np.diff(PACE.due)
    assert PACE.due[0] == 0
    assert gaps[:1499] == pytest.approx(0.001)
    assert gaps[1500:] == pytest.approx(0.0002)
    assert len(PACE.due) == len(PACE) == 1500 + 6000


def test_as_many_a_second_are_watched_whatever_the_rate() -> None:
    assert [int((PACE.watched & (PACE.rates == rate)).sum()) for rate in (1000, 5000)] == [250, 250]


def test_warming_up_is_of_no_rate() -> None:
    assert np.flatnonzero(PACE.rates == 0).tolist() == [*range(500), *range(1500, 2500)]


def test_watched_orders_are_suspicious_and_of_users_who_buy_nothing_else(found: Sightings) -> None:
    orders, users = found.orders, watched_users(4)
    assert len({home_of(user, 4) for user in users}) == WATCHED_USERS == len(users)
    assert np.flatnonzero(np.isin(orders.users, users)).tolist() == np.flatnonzero(PACE.watched).tolist()
    assert (orders.cents[PACE.watched] > LIMIT_CENTS).all()
    assert set(orders.millis.tolist()) == {NOW_MS}, "all of one hour, or a total would be of two rows"


def test_a_topic_of_one_partition_has_one_watched_user() -> None:
    assert len(watched_users(1)) == 1


def test_a_total_tells_of_all_orders_that_it_counts(found: Sightings) -> None:
    user = watched_users(4)[0]
    places = np.flatnonzero(found.orders.users == user)
    cents = np.cumsum(found.orders.cents[places]).tolist()
    assert found.note_total(user, 0, 0, BEGINS) == ""
    assert found.note_total(user, 2, cents[1], BEGINS + 1) == ""
    assert found.note_total(user, 5, cents[4], BEGINS + 2) == ""
    assert found.moments[places[:6]].tolist()[:5] == [BEGINS + 1] * 2 + [BEGINS + 2] * 3
    assert np.isnan(found.moments[places[5]])


def test_a_total_that_was_seen_later_changes_nothing_of_what_was_seen_before(found: Sightings) -> None:
    user = watched_users(4)[0]
    places = np.flatnonzero(found.orders.users == user)
    cents = np.cumsum(found.orders.cents[places]).tolist()
    for moment, number in [(1, 3), (2, 3), (3, 2)]:
        found.note_total(user, number, cents[number - 1], BEGINS + moment)
    assert found.moments[places[:3]].tolist() == [BEGINS + 1] * 3


def test_one_cent_too_many_is_told(found: Sightings) -> None:
    user = watched_users(4)[0]
    cents = int(found.orders.cents[found.orders.users == user][0])
    assert (
        found.note_total(user, 1, cents + 1, BEGINS)
        == f"1 orders of user {user} come to {cents + 1} cents, not {cents}"
    )
    assert "not 0" in found.note_total(user, 100_000, cents, BEGINS), "more orders than there are"


def test_latencies_are_from_when_orders_were_due_and_of_those_that_are_watched(found: Sightings) -> None:
    after = np.where(PACE.rates == 1000, 0.02, 0.04)
    after[np.flatnonzero((PACE.rates == 1000) & PACE.watched)[-3:]] = 0.5
    assert not found.are_complete()
    all_seen(found, after)
    assert found.are_complete()
    slow, fast = latencies("fraud-sqlite", found, BEGINS, late=np.where(PACE.rates == 5000, 0.003, 0.001))
    assert (slow.rate, slow.orders, slow.p50_ms, slow.max_ms, slow.late_ms) == (1000, 250, 20, 500, 1)
    assert 20 < slow.p99_ms < 500
    assert (fast.rate, fast.p50_ms, fast.p99_ms, fast.max_ms, fast.late_ms) == (5000, 40, 40, 40, 3)


def test_a_phase_that_is_not_measured_comes_first_and_alone(found: Sightings) -> None:
    pace = Pace([Phase(250, warm_seconds=1, seconds=0), *PACE.phases])
    first, others = pace.parts
    assert (first.stop, others.start, others.stop) == (250, 250, 7750)
    assert pace.watched[first].all()
    assert (pace.rates[first] == 0).all()
    found = Sightings(pace.orders(partitions=4, now_ms=NOW_MS), pace)
    for place in range(250):
        assert not found.are_complete(first)
        found.note_order(place, BEGINS)
    assert found.are_complete(first)
    assert not found.are_complete(others)
    found.moments[:] = BEGINS + pace.due + 0.01
    assert [each.rate for each in latencies("fraud-sqlite", found, BEGINS, np.zeros(len(pace)))] == [1000, 5000]


def test_an_order_that_was_never_seen_fails_the_run(found: Sightings) -> None:
    all_seen(found, np.zeros(len(PACE)))
    found.moments[np.flatnonzero(PACE.watched)[5]] = np.nan
    with pytest.raises(NotSeen, match="fraud-sqlite: 1 of 675 orders"):
        latencies("fraud-sqlite", found, BEGINS, np.zeros(len(PACE)))
