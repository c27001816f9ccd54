"""Money is counted in integer cents; the wire carries doubles because the schema says so.

A cent is the smallest part that amounts are kept in: a hundredth, or a thousandth where the shop's currency has three
decimals. `total_cents` and whatever else is called so counts those.

The wire may carry more decimals than a shop has: an amount counts as its whole cents, rounded by `to_cents`, in the
table, in totals and in every rule alike. 10,000,000.004 EUR is 10,000,000.00, and not above a limit of that.

A double holds every amount up to 10^14 cents to far less than half a cent, so the conversion is exact in both
directions, and sums of cents are exact whatever their order.
"""

from dataclasses import dataclass, field
from decimal import Context, Decimal, Inexact, InvalidOperation

MOST_CENTS_DIGITS = 14
MOST_CENTS: int = 10**MOST_CENTS_DIGITS
"""The largest believable amount, of either sign: 92,233 of them add up within 64 bits, whatever the currency."""
EXACT = Context(prec=20, traps=[Inexact, InvalidOperation])


def to_cents(amount: float | Decimal) -> int:
    """Whole cents of an amount; raises ValueError or OverflowError for NaN and infinity."""
    return round(amount * Ledger.currency.parts)


def from_cents(cents: int) -> Decimal:
    """The amount with the decimals that are kept."""
    return Decimal(cents).scaleb(-Ledger.currency.kept_digits)


@dataclass(frozen=True, slots=True)
class Currency:
    """What amounts are in, and into what parts it is divided."""

    code: str
    """of ISO 4217"""
    digits: int
    """decimals, 0 to 3"""
    kept_digits: int = field(init=False)
    """decimals that amounts are kept with: two, or three if the currency has so many"""
    parts: int = field(init=False)
    """cents in one of it"""
    step: int = field(init=False)
    """the cents of its smallest amount"""

    def __post_init__(self) -> None:
        # Not worked out anew for each amount.
        object.__setattr__(self, "kept_digits", max(2, self.digits))
        object.__setattr__(self, "parts", 10**self.kept_digits)
        object.__setattr__(self, "step", self.parts // 10**self.digits)

    @property
    def most(self) -> int:
        """The largest believable amount, of either sign: 10^12, or 10^11 of a currency of three decimals."""
        return MOST_CENTS // self.parts

    @property
    def written(self) -> str:
        """How an amount is written, without its sign: a regular expression, as Python and ECMA read it."""
        whole = f"[0-9]{{1,{MOST_CENTS_DIGITS - self.kept_digits}}}"
        if not self.digits:
            return f"({self.most}|{whole})"
        parts = f"{{1,{self.digits}}}"
        return rf"({self.most}(\.0{parts})?|{whole}(\.[0-9]{parts})?)"

    @property
    def told(self) -> str:
        """How an amount is told, without its sign: with the decimals of the currency, or exactly; see shown()."""
        whole = f"[0-9]{{1,{MOST_CENTS_DIGITS + 1 - self.kept_digits}}}"
        exactly = rf"{whole}\.[0-9]{{{self.kept_digits}}}"
        return exactly if self.digits == self.kept_digits else rf"{whole}(\.[0-9]{{1,{self.kept_digits}}})?"

    @property
    def decimals(self) -> str:
        """In words."""
        return ("no decimals", "at most one decimal", "at most two decimals", "at most three decimals")[self.digits]

    @property
    def wanted(self) -> str:
        """How an amount is to be given, in words."""
        sample = ("1230", "12.3", "12.30", "12.300")[self.digits]
        return f'{self.decimals}, such as {sample} or "{sample}"'


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
    """The amount with the decimals that are kept, as a database takes it: str(from_cents(cents)) in half the time."""
    digits = Ledger.currency.kept_digits
    text = str(abs(cents)).zfill(digits + 1)
    return f"{'-' if cents < 0 else ''}{text[:-digits]}.{text[-digits:]}"


def cents_in_words(cents: int) -> str:
    """As in_words() has the amount, which is not negative: for many."""
    currency = Ledger.currency
    whole, parts = divmod(cents, currency.parts)
    if cents % currency.step:
        return f"{whole:,}.{parts:0{currency.kept_digits}} {currency.code}"
    decimals = f".{parts // currency.step:0{currency.digits}}" if currency.digits else ""
    return f"{whole:,}{decimals} {currency.code}"


def exact_amount(number: Decimal) -> Decimal:
    """The same number with the decimals that are kept.

    Raises ValueError if it has a finer part than the currency, or more digits than any amount.
    """
    if not number.is_finite():
        raise ValueError(f"{number} is no amount")
    currency = Ledger.currency
    try:
        in_currency = EXACT.quantize(number, Decimal(1).scaleb(-currency.digits))
        return EXACT.quantize(in_currency, from_cents(1))
    except (Inexact, InvalidOperation) as error:
        raise ValueError(f"{number} is no amount of {currency.code}") from error
