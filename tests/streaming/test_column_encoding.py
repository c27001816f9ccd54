"""Orders in columns are written byte by byte as each by itself."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from events import Status, Transaction
from events.plausibility import MAX_USER_ID
from events.time import in_millis, whole_millis
from streaming import clients
from streaming.column_encoding import OrderColumns, encoded
from streaming.columns import STATUSES

PLAIN = Transaction("a-1", 7, 12.5, Status.SUCCESS, datetime(2026, 11, 22, 15, tzinfo=UTC))
users = st.integers(0, MAX_USER_ID) | st.sampled_from([0, 63, 64, 8191, 8192, 2**20 - 1, 2**20, 2**27, MAX_USER_ID])
orders = st.builds(
    Transaction,
    # A zero at the end would be lost to numpy.
    st.text(max_size=70).filter(lambda text: not text.endswith("\0")) | st.sampled_from(["", "x" * 63, "x" * 64]),
    users,
    st.floats(allow_nan=False) | st.sampled_from([-0.0, 0.01]),
    st.sampled_from(Status),
    st.datetimes(timezones=st.just(UTC)).map(whole_millis),
)


def columns(told: Sequence[Transaction]) -> OrderColumns:
    return OrderColumns(
        np.array([order.order_id.encode() for order in told], np.bytes_),
        np.array([order.user_id for order in told], np.int64),
        np.array([order.amount for order in told], np.float64),
        np.array([STATUSES.index(order.status) for order in told], np.int64),
        np.array([in_millis(order.timestamp) for order in told], np.int64),
    )


def values(told: OrderColumns) -> list[bytes]:
    return encoded(told, clients.codec().header_of(Transaction))


@given(st.lists(orders, max_size=20))
@example([PLAIN])
@example([])
def test_orders_in_columns_are_written_as_each_by_itself(told: list[Transaction]) -> None:
    assert values(columns(told)) == [clients.codec().encode(order) for order in told]


@given(st.lists(orders, max_size=20))
def test_orders_are_the_same_in_columns(told: list[Transaction]) -> None:
    assert list(columns(told).transactions()) == told


@given(st.lists(orders, max_size=20), st.integers(0, 20), st.integers(0, 20))
def test_a_part_of_the_columns_is_written_as_a_part_of_the_orders(
    told: list[Transaction], begin: int, end: int
) -> None:
    assert values(columns(told)[begin:end]) == values(columns(told))[begin:end]
    assert len(columns(told)[begin:end]) == len(told[begin:end])


@pytest.mark.parametrize("user", [-1, MAX_USER_ID + 1])
def test_a_user_that_no_order_can_be_of_is_refused(user: int) -> None:
    with pytest.raises(OverflowError, match="users"):
        values(columns([PLAIN, Transaction("b", user, 1.0, Status.SUCCESS, PLAIN.timestamp)]))


def test_a_moment_beyond_its_bytes_is_refused() -> None:
    far = replace(columns([PLAIN]), millis=np.array([2**48]))
    with pytest.raises(OverflowError, match="7 bytes"):
        values(far)
