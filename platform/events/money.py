"""Money is counted in integer cents; the wire carries doubles because the schema says so.

A double holds every amount up to 10^12 with two decimals to far less than half a cent, so the conversion is exact
in both directions, and sums of cents are exact whatever their order.
"""

from decimal import Decimal

MAX_AMOUNT = 10**12
"""The largest believable amount, in the shop's currency, of either sign."""


def to_cents(amount: float | Decimal) -> int:
    """Whole cents of an amount; raises ValueError or OverflowError for NaN and infinity."""
    return round(amount * 100)


def from_cents(cents: int) -> Decimal:
    """The amount with its two decimals."""
    return Decimal(cents).scaleb(-2)
