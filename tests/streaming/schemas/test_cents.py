"""More decimals than a shop has: rule, table and totals take the same whole cents."""

from datetime import UTC, datetime

import pytest

from analytics.windows import sums_of
from events import Status, Transaction
from events.money import from_cents
from fraud.rules import suspicions
from transactions.rows import as_row

LIMIT_CENTS = 1_000_000_000


@pytest.mark.parametrize(
    ("amount", "cents"),
    [
        (10_000_000.004, 1_000_000_000), (10_000_000.0049999, 1_000_000_000), (10_000_000.006, 1_000_000_001),
        (10_000_000.01, 1_000_000_001), (9_999_999.996, 1_000_000_000), (0.001, 0), (-0.004, 0), (-5.006, -501),
    ],
)  # fmt: skip
def test_an_amount_counts_as_its_whole_cents_in_every_stage(amount: float, cents: int) -> None:
    order = Transaction("a-1", 7, amount, Status.SUCCESS, datetime(2026, 11, 22, tzinfo=UTC))
    assert sums_of(order).total_cents == cents
    assert as_row(order).amount == from_cents(cents)
    assert (suspicions(order, LIMIT_CENTS) is not None) == (cents > LIMIT_CENTS)
