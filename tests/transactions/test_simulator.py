import random
import re
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events import ChangedStatus, Status, Transaction, check_plausible
from events.ids import RANDOM_BITS, uuid7
from events.time import whole_millis
from transactions.simulator import (
    BLOCK,
    MOCK_ID,
    MOCK_PREFIX,
    Shop,
    mock_blocks,
    mock_ids,
    mock_orders,
    outcome,
    part_given_back,
)
from transactions.statuses import may_become

START = datetime(2026, 11, 22, 12, tzinfo=UTC)


def some(count: int, seed: int = 1, shop: Shop | None = None) -> list[Transaction]:
    return list(islice(mock_orders(seed=seed, start=START, per_second=100, shop=shop), count))


def test_the_same_seed_gives_the_same_orders_and_another_gives_others() -> None:
    assert some(50) == some(50)
    assert not {order.order_id for order in some(50)} & {order.order_id for order in some(50, seed=2)}


def test_mock_orders_are_plausible_and_follow_each_other_at_the_rate() -> None:
    orders = some(500)
    for order in orders:
        check_plausible(order, received_at=START)
        assert order.amount > 0
        assert order.timestamp.microsecond % 1000 == 0
    assert orders[250].timestamp == START + timedelta(seconds=2.5)


@pytest.mark.parametrize("per_second", [3, 700_000, 1_000_000])
def test_timestamps_hold_the_rate_whatever_it_is(per_second: float) -> None:
    orders = islice(mock_orders(seed=1, start=START, per_second=per_second), BLOCK + 700)
    last = next(islice(orders, BLOCK + 699, None))
    assert last.timestamp == whole_millis(START + timedelta(microseconds=(BLOCK + 699) * 10**6 // per_second))


def test_blocks_go_on_where_the_one_before_ended() -> None:
    blocks = list(islice(mock_blocks(seed=1, start=START, per_second=100), 2))
    orders = some(2 * BLOCK)
    assert list(blocks[0].transactions()) + list(blocks[1].transactions()) == orders
    assert len({order.order_id for order in orders}) == 2 * BLOCK
    assert orders[BLOCK].timestamp - orders[BLOCK - 1].timestamp == timedelta(milliseconds=10)


@given(st.lists(st.tuples(st.integers(0, 2**53), st.integers(0, 2**RANDOM_BITS - 1)), min_size=1))
def test_ids_are_those_of_single_moments(drawn: list[tuple[int, int]]) -> None:
    made = mock_ids(*np.array(drawn, np.int64).T)
    assert made.tolist() == [f"{MOCK_PREFIX}{uuid7(micros * 1000, chance)}".encode() for micros, chance in drawn]


def test_mock_orders_are_known_by_their_id() -> None:
    assert all(re.match(MOCK_ID, order.order_id) for order in some(100))


@pytest.mark.parametrize("per_second", [1, 100, 250_000])
def test_ids_of_mock_orders_insert_in_order(per_second: float) -> None:
    orders = list(islice(mock_orders(seed=1, start=START, per_second=per_second), 500))
    assert all(one.order_id < following.order_id for one, following in pairwise(orders))


def test_the_shares_of_huge_paid_and_failed_orders_are_as_stated() -> None:
    orders, shop = some(20_000), Shop()
    huge = [order for order in orders if order.amount > 10_000_000]
    assert len(huge) / len(orders) == pytest.approx(shop.huge_share, abs=0.002)
    assert all(order.amount < 100_000_000 for order in huge)
    for status, share in ((Status.SUCCESS, shop.paid_share), (Status.FAILED, shop.failed_share)):
        assert sum(order.status == status for order in orders) / len(orders) == pytest.approx(share, abs=0.015)


def test_few_users_buy_often() -> None:
    users = [order.user_id for order in some(20_000)]
    assert min(users) >= 1
    assert max(users) <= Shop().users
    assert sum(user <= Shop().users / 4 for user in users) / len(users) == pytest.approx(0.5, abs=0.02)


def test_some_of_what_is_paid_is_given_back_in_part_and_never_all_of_it() -> None:
    chance = random.Random(1)
    parts = [part_given_back(chance, 500) for _ in range(500)]
    assert 0 < sum(part > 0 for part in parts) < 100
    assert max(parts) < 500
    assert {part_given_back(chance, cents) for cents in (0, 1) for _ in range(100)} == {0}


def test_what_becomes_of_a_pending_order_is_allowed() -> None:
    chance = random.Random(1)
    for _ in range(200):
        status = ChangedStatus.PENDING
        for following in outcome(chance):
            assert may_become(status, following)
            status = following
        assert status != ChangedStatus.PENDING
