"""The contract of POST /search/transactions: what may be asked, and what is answered. Pure.

request.py reads a Query from JSON; a backend (backends.py) turns it into an Answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from events import ChangedStatus

DEFAULT_SIZE = 50
COUNTED_UP_TO = 10_000
"""Of what more transactions match than these, an answer says no more than that: nobody reads so many pages."""
Value = datetime | Decimal | str


class Kind(StrEnum):
    ORDER = "ORDER"
    REFUND = "REFUND"


class SortField(StrEnum):
    TIMESTAMP = "timestamp"
    AMOUNT = "amount"
    ORDER_ID = "order_id"


class Facet(StrEnum):
    STATUS = "status"
    KIND = "kind"
    HOUR = "hour"
    DAY = "day"
    AMOUNT = "amount"


AMOUNT_BOUNDS = tuple(Decimal(bound) for bound in (0, 10, 100, 1_000, 10_000, 100_000, 1_000_000))
"""The facet `amount` counts in ranges, numbered from 0: below the first, from each up to the next, from the last on."""


@dataclass(frozen=True, slots=True)
class Sort:
    """An order that leaves no ties: equal values follow by order_id, the other way round.

    So that `timestamp` reads exactly as `-timestamp` does from its end, and one index serves both.
    """

    field: SortField = SortField.TIMESTAMP
    descending: bool = True

    def __str__(self) -> str:
        return f"{'-' if self.descending else ''}{self.field}"


DEFAULT_SORT = Sort()
SORTS = [f"{sign}{name}" for name in SortField for sign in ("", "-")]


@dataclass(frozen=True, slots=True)
class After:
    """Where the page before ended: its last transaction's value of the sort's field, and its order_id."""

    value: Value
    order_id: str


@dataclass(frozen=True, slots=True)
class Filters:
    """What a transaction must be to be found: empty tuples and None let everything through."""

    user_ids: tuple[int, ...] = ()
    statuses: tuple[ChangedStatus, ...] = ()
    kinds: tuple[Kind, ...] = ()
    order_ids: tuple[str, ...] = ()
    amount_gte: Decimal | None = None
    amount_lte: Decimal | None = None
    timestamp_gte: datetime | None = None
    timestamp_lt: datetime | None = None


@dataclass(frozen=True, slots=True)
class Query:
    filters: Filters = Filters()
    sort: Sort = DEFAULT_SORT
    size: int = DEFAULT_SIZE
    after: After | None = None
    facets: tuple[Facet, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """One transaction of an answer."""

    order_id: str
    user_id: int
    amount: Decimal
    status: str
    timestamp: datetime
    kind: str
    refund_of: str | None


def place_of(last: Found, sort: Sort) -> After:
    """Where a page in this order ends whose last transaction this is."""
    return After(getattr(last, sort.field), last.order_id)


@dataclass(frozen=True, slots=True)
class Answer:
    """A page, and what is true of all that was found.

    total: of every page, or COUNTED_UP_TO where there are more, which is_exact then denies. counts: for each facet
    asked for, how many of all found have each value: of a status or kind, of the beginning of an hour or day (UTC), or
    of the number of the amount's range (see amount_range()). Values that none has are left out.
    """

    total: int
    transactions: Sequence[Found]
    has_more: bool
    is_exact: bool = True
    counts: Mapping[Facet, Mapping[Any, int]] = field(default_factory=dict)


def amount_range(number: int) -> tuple[Decimal | None, Decimal | None]:
    """The bounds (from, to just below) of a range that the facet `amount` counts; None where it has no end."""
    bounds = [None, *AMOUNT_BOUNDS, None]
    return bounds[number], bounds[number + 1]
