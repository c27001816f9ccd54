from collections.abc import Callable

import pytest

import events
from fraud.rules import AMOUNT_ABOVE_LIMIT, suspicions

Order = Callable[..., events.Transaction]
LIMIT_CENTS = 1_000_000_000


@pytest.mark.parametrize(
    ("amount", "verdict"),
    [
        (10_000_000.01, AMOUNT_ABOVE_LIMIT),
        (10_000_000.00, None),
        (9_999_999.99, None),
        (0.0, None),
    ],
)
def test_only_an_amount_above_the_limit_is_suspicious(make_order: Order, amount: float, verdict: str | None) -> None:
    assert suspicions(make_order(amount=amount), LIMIT_CENTS) == verdict


@pytest.mark.parametrize("limit_cents", [LIMIT_CENTS, 0, -2 * LIMIT_CENTS])
def test_a_refund_is_never_suspicious(make_order: Order, limit_cents: int) -> None:
    assert suspicions(make_order(amount=-10_000_000.01), limit_cents) is None


def test_amounts_are_compared_in_cents(make_order: Order) -> None:
    assert suspicions(make_order(amount=0.1 + 0.2), 30) is None
