from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.money import MAX_AMOUNT, exact_amount, from_cents, to_cents, written

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


@pytest.mark.parametrize("number", ["12.3", "12.300", "1.23E1", "123E-1"])
def test_a_number_is_an_amount_however_it_is_written(number: str) -> None:
    assert str(exact_amount(Decimal(number))) == "12.30"


@pytest.mark.parametrize(
    "number", ["1e-400", "0.005", "5.00000000000000000000000000000001", "1E400", "1E+999999999", "NaN", "-Infinity"]
)
def test_what_is_finer_than_a_cent_or_beyond_all_amounts_is_none(number: str) -> None:
    with pytest.raises(ValueError, match="no amount"):
        exact_amount(Decimal(number))


@given(CENTS)
def test_what_is_written_for_a_database_is_the_exact_amount(cents: int) -> None:
    assert written(cents) == str(from_cents(cents))
