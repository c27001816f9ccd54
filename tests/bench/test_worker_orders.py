"""Orders with known totals: what they come to is what our own rules say of them, one by one."""

from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pytest

import events
from analytics.windows import hourly_totals
from bench.workers import orders
from bench.workers.orders import Load, Orders, differs, drawn
from fraud.rules import suspicions
from streaming.partitioner import home_of

NOW_MS = 1_795_737_600_000
LOAD = Load("some", "forty users", users=40, hours=3000)
"""six hours of 2,000 orders"""


@pytest.fixture(scope="module")
def some() -> Orders:
    return drawn(LOAD, 2000, partitions=3, now_ms=NOW_MS)


def one_by_one(some: Orders) -> list[events.Transaction]:
    return [
        events.Transaction(
            order_id, user, cents / 100, events.Status(status), datetime.fromtimestamp(millis / 1000, UTC)
        )
        for order_id, user, cents, status, millis in some.rows()
    ]


def test_totals_are_those_that_the_aggregator_adds_up(some: Orders) -> None:
    expected = {
        (user, int(hour.timestamp()) // 3600): (
            sums.total_cents,
            sums.transaction_count,
            sums.settled_cents,
            sums.failed_cents,
        )
        for (user, hour), sums in hourly_totals(one_by_one(some)).items()
    }
    found = some.totals(some.before(some.ends))
    told = found.tolist()
    assert {(user, hour): tuple(sums) for user, hour, *sums in told} == expected


def test_suspicious_is_what_the_rule_finds(some: Orders) -> None:
    ours = [suspicions(event, orders.LIMIT_CENTS) is not None for event in one_by_one(some)]
    assert some.suspicious.tolist() == ours
    assert any(ours)


def test_orders_stand_one_after_another_on_the_partition_of_their_user(some: Orders) -> None:
    assert some.homes.tolist() == [home_of(user, 3) for user in some.users.tolist()]
    for partition, end in some.ends.items():
        assert some.offsets[some.homes == partition].tolist() == list(range(end))


@pytest.mark.parametrize("committed", [{}, {0: 7}, {0: 1, 1: 5, 2: 100}])
def test_before_committed_offsets_are_as_many_orders_as_they_say(some: Orders, committed: dict[int, int]) -> None:
    done = some.before(committed)
    assert some.sums(done)[0] == sum(committed.values())
    assert {home: int((done & (some.homes == home)).sum()) for home in committed} == committed


def test_nothing_is_later_than_now_and_every_id_is_another(some: Orders) -> None:
    assert some.millis.max() <= NOW_MS
    assert len({order_id for order_id, *_ in some.rows()}) == len(some)
    assert any(later < earlier for earlier, later in pairwise(some.millis.tolist())), "orders come out of order, too"


def test_the_same_seed_draws_the_same_orders() -> None:
    first, again, other = (drawn(LOAD, 50, partitions=3, now_ms=NOW_MS, seed=seed) for seed in (1, 1, 2))
    assert list(first.rows()) == list(again.rows()) != list(other.rows())


def test_totals_in_another_order_are_the_same(some: Orders) -> None:
    totals = some.totals(some.before(some.ends))
    assert differs(totals, totals[::-1]) == ""


def test_one_cent_too_many_is_told(some: Orders) -> None:
    expected = some.totals(some.before(some.ends))
    found = expected.copy()
    found["cents"][3] += 1
    assert differs(expected, found) == "1 × cents"
    assert differs(expected, found, ("user", "hour", "count")) == ""


def test_a_total_of_another_hour_is_told(some: Orders) -> None:
    expected = some.totals(some.before(some.ends))
    found = expected.copy()
    found["hour"][-1] += 1
    assert differs(expected, found) == "1 × hour"
    assert differs(expected, found[1:]) == f"{len(found) - 1:,} totals instead of {len(found):,}"


@pytest.mark.django_db
def test_what_load_data_loads_are_whole_rows_of_our_table(some: Orders) -> None:
    from bench.workers.load_data import COLUMNS, written
    from transactions.models import Transaction

    fields = Transaction._meta.concrete_fields
    defaulted = {field.column for field in fields if field.null or field.primary_key or field.has_db_default()}
    assert {field.column for field in fields} - defaulted <= set(COLUMNS)
    assert {len(row.split("\t")) for row in written(some)} == {len(COLUMNS)}
    assert np.int64(some.cents[0]) == round(float(next(written(some)).split("\t")[2]) * 100)
