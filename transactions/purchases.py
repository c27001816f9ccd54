"""Orders from files, and how their columns are to be understood. Pure; transactions/purchase_files.py reads them."""

import re
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from hashlib import sha256

from events import Status, Transaction
from events.money import Ledger
from events.plausibility import MAX_ORDER_ID_LENGTH
from events.time import from_millis, in_millis
from transactions.cells import DIFFERENT_DATES_REMEMBERED, Customers, Moments, Wrong, moments, number_of_customer
from transactions.sheets import plain

CUSTOMER, DATE, AMOUNT, ORDER = "customer_id", "date", "amount", "order_id"
NEEDED = (CUSTOMER, DATE, AMOUNT)
LONGEST_PREFIX = MAX_ORDER_ID_LENGTH - len("-1234567890")


@dataclass(frozen=True)
class Reading:
    """How the columns of a file are to be understood."""

    columns: Mapping[str, str] = field(default_factory=dict)
    """field → column, where they differ; an amount may be a product of columns and numbers"""
    moment: Moments = field(default_factory=moments)
    customer: Customers = number_of_customer
    decimal: str | None = None
    """the decimal mark; None: whichever leaves only one way to read a number"""
    order_lines: bool = False
    """rows with the same order_id are lines of one order, whose amounts are added"""
    refunds: bool = False
    """negative amounts are refunds, and not mistakes"""
    prefix: str | None = None
    """what order ids begin with; None: those of a file without any, with its name"""

    def column(self, name: str) -> str:
        return self.columns.get(name, name)

    @property
    def fields(self) -> list[str]:
        return [*NEEDED, *([ORDER] if ORDER in self.columns else [])]

    @property
    def wanted(self) -> set[str]:
        """The names of all columns that are read, as `plain` gives them."""
        return {plain(factor) for name in self.fields for factor in self.factors(name)}

    def factors(self, name: str) -> list[str]:
        """The columns of a field; of an amount, also the numbers that they are multiplied by."""
        return self.column(name).split("*") if name == AMOUNT else [self.column(name)]


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that is no purchase: why, by column."""

    number: int
    reasons: Mapping[str, str]
    line: int | None = None

    @property
    def why(self) -> str:
        return "; ".join(f"{column}: {reason}" for column, reason in self.reasons.items())

    def __str__(self) -> str:
        return f"row {self.number}{f' (line {self.line})' if self.line else ''}, {self.why}"


@dataclass(slots=True)
class Candidate:
    """What a row says of an order, before it is known to be true."""

    order_id: str
    user_id: int
    amount: float
    timestamp: datetime


class Purchases:
    """Orders, all paid, kept compactly: 32 bytes each, besides order ids that a file brings itself."""

    def __init__(self, prefix: str) -> None:
        self.left_out: set[int] = set()
        self._prefix = prefix
        self._rows, self._users, self._amounts, self._millis = array("q"), array("q"), array("d"), array("q")
        self._order_ids: list[str] = []

    def __len__(self) -> int:
        return len(self._rows) - len(self.left_out)

    def __iter__(self) -> Iterator[Transaction]:
        return (order for _, order in self.placed())

    def placed(self) -> Iterator[tuple[int, Transaction]]:
        """Each order that is not left out, after the number of its (first) row."""
        digits = Ledger.currency.kept_digits
        kept = zip(self._rows, self._users, self._amounts, self._millis, strict=True)
        for place, (row, user, amount, millis) in enumerate(kept):
            if place not in self.left_out:
                order_id = self._order_ids[place] if self._order_ids else id_of_row(self._prefix, row)
                # Adding nothing makes 0.0 of -0.0.
                yield row, Transaction(order_id, user, round(amount, digits) + 0.0, Status.SUCCESS, _moment(millis))

    def add(self, row: int, order: Candidate, *, own_id: bool) -> int:
        """Keep an order; returns its place."""
        self._rows.append(row)
        self._users.append(order.user_id)
        self._amounts.append(order.amount)
        self._millis.append(_millis(order.timestamp))
        if own_id:
            self._order_ids.append(order.order_id)
        return len(self._rows) - 1

    def add_line(self, place: int, line: Candidate) -> None:
        """Add a line's amount to its order; raises Wrong if it is another customer's."""
        if line.user_id != self._users[place]:
            raise Wrong(f"user {line.user_id}, and {self._users[place]} in row {self._rows[place]} of the same order")
        self._amounts[place] += line.amount

    def row(self, place: int) -> int:
        return self._rows[place]


# Days are shared by many orders.
@lru_cache(DIFFERENT_DATES_REMEMBERED)
def _millis(moment: datetime) -> int:
    return in_millis(moment)


@lru_cache(DIFFERENT_DATES_REMEMBERED)
def _moment(millis: int) -> datetime:
    return from_millis(millis)


def id_of_row(prefix: str, row: int) -> str:
    return f"{prefix}-{row:06d}"


def order_prefix(file_name: str) -> str:
    """What the order ids of a file begin with: its name, cut where ids would become too long, but never ambiguous.

    It depends on nothing else: the same file sent again is recognised.
    """
    name = re.sub(r"\.[^.]*$", "", re.sub(r"\.gz$", "", file_name, flags=re.IGNORECASE))
    if len(name) <= LONGEST_PREFIX:
        return name
    return f"{name[: LONGEST_PREFIX - 9]}-{sha256(name.encode()).hexdigest()[:8]}"
