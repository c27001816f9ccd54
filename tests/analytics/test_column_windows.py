"""Totals of columns are held to those of the same orders one by one."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from analytics import column_windows
from analytics.column_windows import Totals, and_others, totals_of
from analytics.windows import Sums, UserHour, by_hour, hourly_totals
from events import Status, Transaction
from events.time import EPOCH, from_millis, in_millis
from streaming.columns import MOST_RECORDS
from tests.columns import orders

RECEIVED = datetime(2026, 11, 22, 15, tzinfo=UTC)
MILLIS_AN_HOUR = 3_600_000
facts = st.builds(
    Transaction,
    st.just("a-1"),
    st.integers(0, 3) | st.just(2**31 - 1),
    st.floats(-1e12, 1e12),
    st.sampled_from(Status),
    st.integers(in_millis(RECEIVED) - 3 * MILLIS_AN_HOUR, in_millis(RECEIVED)).map(from_millis),
)


def by_user_and_hour(totals: Totals) -> dict[UserHour, Sums]:
    rows = zip(*(column.tolist() for column in (totals.user_id, totals.hour, *totals.sums)), strict=True)
    return {(user, from_millis(hour * MILLIS_AN_HOUR)): Sums(*sums) for user, hour, *sums in rows}


@given(st.lists(facts, max_size=50))
@example([])
def test_columns_add_up_to_what_their_orders_do(events: list[Transaction]) -> None:
    assert by_user_and_hour(totals_of(orders(*events))) == hourly_totals(events)


@given(st.lists(facts, max_size=20), st.lists(facts, max_size=20))
def test_what_others_add_is_added(events: list[Transaction], others: list[Transaction]) -> None:
    totals = and_others(totals_of(orders(*events)), hourly_totals(others))
    assert by_user_and_hour(totals) == hourly_totals([*events, *others])


@given(st.lists(facts, max_size=50))
def test_the_shop_comes_to_what_its_users_do(events: list[Transaction]) -> None:
    totals = by_user_and_hour(column_windows.by_hour(totals_of(orders(*events))))
    assert {hour: sums for (_, hour), sums in totals.items()} == by_hour(hourly_totals(events))


@given(st.lists(facts, max_size=50))
def test_totals_stand_in_the_order_in_which_locks_are_taken(events: list[Transaction]) -> None:
    totals = totals_of(orders(*events))
    keys = list(zip(totals.hour.tolist(), totals.user_id.tolist(), strict=True))
    assert keys == sorted(set(keys))


def test_the_largest_amounts_of_the_largest_batch_add_up() -> None:
    one = orders(Transaction("a-1", 7, 1e12, Status.SUCCESS, RECEIVED))
    assert totals_of(one.only(np.zeros(MOST_RECORDS, np.int64))).sums[0].tolist() == [10**14 * MOST_RECORDS]


@given(st.lists(facts, max_size=5), st.lists(st.integers(-17_000_000, 70_000_000), max_size=10))
def test_hours_before_1970_are_told_apart(events: list[Transaction], hours: list[int]) -> None:
    others = {(user, EPOCH + hour * timedelta(hours=1)): Sums(user, 1) for user, hour in enumerate(hours)}
    totals = and_others(totals_of(orders(*events)), others)
    told = zip(totals.user_id.tolist(), totals.hour.tolist(), totals.sums[1].tolist(), strict=True)
    expected = Counter({(user, in_millis(hour) // MILLIS_AN_HOUR): 1 for user, hour in others})
    for event in events:
        expected[event.user_id, in_millis(event.timestamp) // MILLIS_AN_HOUR] += 1
    assert {(user, hour): count for user, hour, count in told} == dict(expected)
