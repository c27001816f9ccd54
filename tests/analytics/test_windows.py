from datetime import UTC, datetime, timedelta, timezone
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.windows import Counted, Sums, hour_of, hourly_totals
from events import ChangedStatus, Status, Transaction, TransactionStatusChanged

TWO = datetime(2026, 11, 22, 14, tzinfo=UTC)
THREE = TWO + timedelta(hours=1)


def order(amount: float, status: Status = Status.PENDING, at: datetime = TWO, user: int = 7) -> Transaction:
    return Transaction("A-1", user, amount, status, at)


def change(amount: float, status: ChangedStatus, at: datetime = TWO, user: int = 7) -> TransactionStatusChanged:
    return TransactionStatusChanged("A-1", user, amount, ChangedStatus.PENDING, status, at)


def test_every_transaction_adds_to_total_and_count_whatever_its_status() -> None:
    placed = [order(1.10, Status.PENDING), order(2.20, Status.SUCCESS), order(4.40, Status.FAILED), order(-0.10)]
    sums = hourly_totals(placed)[7, TWO]
    assert (sums.total_cents, sums.transaction_count) == (760, 4)


def test_a_change_of_status_adds_to_neither_total_nor_count() -> None:
    changes: list[Counted] = [change(5, status) for status in ChangedStatus]
    sums = hourly_totals(changes)[7, TWO]
    assert (sums.total_cents, sums.transaction_count) == (0, 0)


@pytest.mark.parametrize(
    ("event", "sums"),
    [
        (order(5, Status.PENDING), Sums(500, 1)),
        (order(5, Status.SUCCESS), Sums(500, 1, settled_cents=500)),
        (order(5, Status.FAILED), Sums(500, 1, failed_cents=500)),
        (order(0, Status.SUCCESS), Sums(0, 1)),
        (order(-5, Status.PENDING), Sums(-500, 1)),
        (order(-5, Status.SUCCESS), Sums(-500, 1, refunded_cents=500)),
        (order(-5, Status.FAILED), Sums(-500, 1, failed_cents=500)),
        (change(5, ChangedStatus.SUCCESS), Sums(settled_cents=500)),
        (change(-5, ChangedStatus.SUCCESS), Sums(refunded_cents=500)),
        (change(5, ChangedStatus.FAILED), Sums(failed_cents=500)),
        (change(-5, ChangedStatus.FAILED), Sums(failed_cents=500)),
    ],
)
def test_what_reaches_a_status_adds_there(event: Counted, sums: Sums) -> None:
    assert hourly_totals([event]) == {(7, TWO): sums}


@pytest.mark.parametrize("status", [ChangedStatus.REFUNDED, ChangedStatus.PENDING])
def test_a_change_to_another_status_adds_nothing_and_makes_no_hour(status: ChangedStatus) -> None:
    assert hourly_totals([change(5, status)]) == {}


def test_what_is_settled_less_what_is_refunded_is_what_stayed() -> None:
    story: list[Counted] = [
        order(20, at=TWO),
        change(20, ChangedStatus.SUCCESS, at=TWO),
        change(20, ChangedStatus.REFUNDED, at=THREE),
        order(-20, Status.SUCCESS, at=THREE),
    ]
    assert hourly_totals(story) == {(7, TWO): Sums(2000, 1, 2000), (7, THREE): Sums(-2000, 1, refunded_cents=2000)}


def test_each_event_counts_in_the_hour_of_its_own_timestamp() -> None:
    late = TWO + timedelta(minutes=59, seconds=59, milliseconds=999)
    assert hourly_totals([order(9, at=late), change(9, ChangedStatus.SUCCESS, at=THREE)]) == {
        (7, TWO): Sums(900, 1),
        (7, THREE): Sums(settled_cents=900),
    }


def test_users_are_summed_apart() -> None:
    assert hourly_totals([order(1, user=7), order(2, user=8)]) == {(7, TWO): Sums(100, 1), (8, TWO): Sums(200, 1)}


def test_an_hour_is_utc_wherever_the_moment_was_written() -> None:
    in_kolkata = datetime(2026, 11, 22, 19, 45, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    assert hour_of(in_kolkata) == TWO
    assert hour_of(in_kolkata).tzinfo is UTC


events = st.builds(
    order,
    st.integers(-(10**9), 10**9).map(lambda cents: cents / 100),
    st.sampled_from(Status),
    st.sampled_from([TWO, THREE]),
    st.integers(1, 3),
) | st.builds(
    change,
    st.integers(-(10**9), 10**9).map(lambda cents: cents / 100),
    st.sampled_from(ChangedStatus),
    st.sampled_from([TWO, THREE]),
    st.integers(1, 3),
)


@given(st.lists(events), st.lists(events), st.randoms())
def test_batches_may_be_cut_and_ordered_in_any_way(first: list[Counted], second: list[Counted], random: Random) -> None:
    whole = first + second
    random.shuffle(whole)
    parts = hourly_totals(first)
    for key, sums in hourly_totals(second).items():
        parts[key] = parts.get(key, Sums()) + sums
    assert hourly_totals(whole) == parts
