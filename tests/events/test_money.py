from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.money import MOST_CENTS, Currency, Ledger, exact_amount, from_cents, to_cents, written

CENTS = st.integers(-MOST_CENTS, MOST_CENTS)
THREE = Currency("KWD", 3)


each_currency = pytest.mark.parametrize(
    "currency", [Currency("JPY", 0), Currency("EUR", 2), THREE], ids=lambda each: each.code
)


@contextmanager
def in_the(currency: Currency) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Ledger, "currency", currency)
        yield


@each_currency
@given(CENTS)
def test_no_cent_is_lost_on_the_wire(currency: Currency, cents: int) -> None:
    with in_the(currency):
        assert to_cents(float(from_cents(cents))) == cents


@each_currency
@given(st.lists(CENTS, max_size=50))
def test_sums_of_cents_are_the_sums_of_the_amounts(currency: Currency, all_cents: list[int]) -> None:
    with in_the(currency):
        assert from_cents(sum(all_cents)) == sum((Decimal(cents) / currency.parts for cents in all_cents), Decimal())


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


@each_currency
@given(CENTS)
def test_what_is_written_for_a_database_is_the_exact_amount(currency: Currency, cents: int) -> None:
    with in_the(currency):
        assert written(cents) == str(from_cents(cents))


@pytest.mark.parametrize(
    ("number", "amount"), [("1.234", "1.234"), ("0.001", "0.001"), ("12", "12.000"), ("1E1", "10.000")]
)
def test_three_decimals_are_exact_where_the_currency_has_them(number: str, amount: str) -> None:
    with in_the(THREE):
        assert str(exact_amount(Decimal(number))) == amount
        with pytest.raises(ValueError, match="no amount of KWD"):
            exact_amount(Decimal("0.0005"))


@each_currency
def test_every_currency_has_as_many_cents_in_its_largest_amount(currency: Currency) -> None:
    with in_the(currency):
        assert to_cents(currency.most) == MOST_CENTS
