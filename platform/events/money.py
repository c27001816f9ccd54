"""Money is counted in integer cents; the wire carries doubles because the schema says so.

The wire may carry more decimals than a shop has: an amount counts as its whole cents, rounded by `to_cents`, in the
table, in totals and in every rule alike. 10,000,000.004 is 10,000,000.00, and not above a limit of that.

A double holds every amount up to 10^12 with two decimals to far less than half a cent, so the conversion is exact
in both directions, and sums of cents are exact whatever their order.
"""

from decimal import Context, Decimal, Inexact, InvalidOperation

MAX_AMOUNT = 10**12
"""The largest believable amount, in the shop's currency, of either sign."""
WRITTEN = rf"({MAX_AMOUNT}(\.0{{1,2}})?|[0-9]{{1,12}}(\.[0-9]{{1,2}})?)"
"""How an amount is written, without its sign: a regular expression, as Python and ECMA read it."""
CENT = Decimal("0.01")
EXACT = Context(prec=20, traps=[Inexact, InvalidOperation])


def to_cents(amount: float | Decimal) -> int:
    """Whole cents of an amount; raises ValueError or OverflowError for NaN and infinity."""
    return round(amount * 100)


def from_cents(cents: int) -> Decimal:
    """The amount with its two decimals."""
    return Decimal(cents).scaleb(-2)


def exact_amount(number: Decimal) -> Decimal:
    """The same number with two decimals; raises ValueError if it has a finer part, or more digits than any amount."""
    if not number.is_finite():
        raise ValueError(f"{number} is no amount")
    try:
        return EXACT.quantize(number, CENT)
    except (Inexact, InvalidOperation) as error:
        raise ValueError(f"{number} is no amount of whole cents") from error
