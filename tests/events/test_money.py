from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.money import MAX_AMOUNT, from_cents, to_cents

CENTS = st.integers(-MAX_AMOUNT * 100, MAX_AMOUNT * 100)


@given(CENTS)
def test_no_cent_is_lost_on_the_wire(cents: int) -> None:
    assert to_cents(float(from_cents(cents))) == cents


@given(st.lists(CENTS, max_size=50))
def test_sums_of_cents_are_the_sums_of_the_amounts(all_cents: list[int]) -> None:
    assert from_cents(sum(all_cents)) == sum((Decimal(cents) / 100 for cents in all_cents), Decimal())


@pytest.mark.parametrize("amount", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_has_no_cents(amount: float) -> None:
    with pytest.raises((ValueError, OverflowError)):
        to_cents(amount)
