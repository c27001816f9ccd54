"""Money is counted in integer cents; the wire carries doubles because the schema says so.

The wire may carry more decimals than a shop has: an amount counts as its whole cents, rounded by `to_cents`, in the
table, in totals and in every rule alike. 10,000,000.004 is 10,000,000.00, and not above a limit of that.

A double holds every amount up to 10^12 with two decimals to far less than half a cent, so the conversion is exact
in both directions, and sums of cents are exact whatever their order.
"""

from dataclasses import dataclass
from decimal import Context, Decimal, Inexact, InvalidOperation

MAX_AMOUNT = 10**12
"""The largest believable amount, in the shop's currency, of either sign."""
CENT = Decimal("0.01")
EXACT = Context(prec=20, traps=[Inexact, InvalidOperation])


def to_cents(amount: float | Decimal) -> int:
    """Whole cents of an amount; raises ValueError or OverflowError for NaN and infinity."""
    return round(amount * 100)


def from_cents(cents: int) -> Decimal:
    """The amount with its two decimals."""
    return Decimal(cents).scaleb(-2)


@dataclass(frozen=True, slots=True)
class Currency:
    """What amounts are in; no more than two decimals, since they are kept in hundredths."""

    code: str
    """of ISO 4217"""
    digits: int
    """decimals, 0 to 2"""

    @property
    def written(self) -> str:
        """How an amount is written, without its sign: a regular expression, as Python and ECMA read it."""
        if not self.digits:
            return f"({MAX_AMOUNT}|[0-9]{{1,12}})"
        parts = f"{{1,{self.digits}}}"
        return rf"({MAX_AMOUNT}(\.0{parts})?|[0-9]{{1,12}}(\.[0-9]{parts})?)"

    @property
    def told(self) -> str:
        """How an amount is told, without its sign: with the decimals of the currency, or exactly; see shown()."""
        return r"[0-9]{1,13}\.[0-9]{2}" if self.digits == 2 else r"[0-9]{1,13}(\.[0-9]{1,2})?"

    @property
    def decimals(self) -> str:
        """In words."""
        return ("no decimals", "at most one decimal", "at most two decimals")[self.digits]

    @property
    def wanted(self) -> str:
        """How an amount is to be given, in words."""
        sample = ("1230", "12.3", "12.30")[self.digits]
        return f'{self.decimals}, such as {sample} or "{sample}"'

    @property
    def step(self) -> int:
        """The hundredths of its smallest amount."""
        return int(10 ** (2 - self.digits))


class Ledger:
    """What the shop has chosen; its settings put it here when a process starts."""

    currency = Currency("EUR", 2)


def shown(amount: Decimal) -> Decimal:
    """An amount with the decimals of the currency; with two where it has a finer part, as others may have sent it."""
    return shown_cents(to_cents(amount))


def shown_cents(cents: int) -> Decimal:
    """The same of an amount in cents."""
    currency = Ledger.currency
    return from_cents(cents) if cents % currency.step else Decimal(cents // currency.step).scaleb(-currency.digits)


def in_words(amount: Decimal) -> str:
    """As people read it, such as 1,234.50 EUR."""
    return f"{shown(amount):,f} {Ledger.currency.code}"


def written(cents: int) -> str:
    """The amount with its two decimals, as a database takes it: str(from_cents(cents)) in a third of the time."""
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02}"


def cents_in_words(cents: int) -> str:
    """As in_words() has the amount, which is not negative: for many."""
    currency = Ledger.currency
    if cents % currency.step:
        return f"{cents // 100:,}.{cents % 100:02} {currency.code}"
    whole, parts = divmod(cents, 100)
    decimals = f".{parts // currency.step:0{currency.digits}}" if currency.digits else ""
    return f"{whole:,}{decimals} {currency.code}"


def exact_amount(number: Decimal) -> Decimal:
    """The same number with two decimals.

    Raises ValueError if it has a finer part than the currency, or more digits than any amount.
    """
    if not number.is_finite():
        raise ValueError(f"{number} is no amount")
    try:
        in_currency = EXACT.quantize(number, Decimal(1).scaleb(-Ledger.currency.digits))
        return EXACT.quantize(in_currency, CENT)
    except (Inexact, InvalidOperation) as error:
        raise ValueError(f"{number} is no amount of {Ledger.currency.code}") from error
