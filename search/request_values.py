"""Single values of a search's body: from what JSON holds to what a query holds. Pure.

Each function raises Refused for what it does not take.
"""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from events.money import Ledger, exact_amount
from events.plausibility import MAX_ORDER_ID_LENGTH, MAX_USER_ID
from events.time import NoSuchMoment, NotRFC3339, from_rfc_3339
from search.query import SORTS, Sort, SortField

MAX_SIZE = 1000
MAX_CHOICES = 100
"""values in a list"""

Choice = TypeVar("Choice", bound=StrEnum)


class Refused(ValueError):
    """A value is not what its field takes; the message says what to give instead."""


def some(raw: Any) -> Sequence[Any]:
    if not isinstance(raw, list) or not 1 <= len(raw) <= MAX_CHOICES:
        raise Refused(f"Give a list of 1 to {MAX_CHOICES} values, or leave the field out.")
    return raw


def user_id(raw: Any) -> int:
    return _whole_number(raw, 0, MAX_USER_ID)


def size(raw: Any) -> int:
    return _whole_number(raw, 1, MAX_SIZE)


def _whole_number(raw: Any, least: int, most: int) -> int:
    # A bool is an int to Python, but not to JSON.
    if not isinstance(raw, int) or isinstance(raw, bool) or not least <= raw <= most:
        raise Refused(f"Give a whole number from {least} to {most}.")
    return raw


def order_id(raw: Any) -> str:
    if not isinstance(raw, str) or not 0 < len(raw) <= MAX_ORDER_ID_LENGTH:
        raise Refused(f"Give a string of 1 to {MAX_ORDER_ID_LENGTH} characters.")
    return raw


def one_of(choices: type[Choice]) -> Callable[[Any], Choice]:
    by_name = {choice.value: choice for choice in choices}

    def read(raw: Any) -> Choice:
        if not isinstance(raw, str) or raw not in by_name:
            raise Refused(f"Give one of {', '.join(by_name)}.")
        return by_name[raw]

    return read


def amount(raw: Any) -> Decimal:
    """An amount, of whole cents: a finer one would be rounded by some backends and not by others."""
    try:
        value = exact_amount(_number(raw))
    except ValueError as error:
        raise Refused(_an_amount()) from error
    if abs(value) > Ledger.currency.most:
        raise Refused(_an_amount())
    return value


def _an_amount() -> str:
    return f"Give an amount of {Ledger.currency.wanted}, up to {Ledger.currency.most}."


def _number(raw: Any) -> Decimal:
    """A number of JSON, or the text of one; raises ValueError for anything else."""
    if isinstance(raw, bool) or not isinstance(raw, int | float | Decimal | str):
        raise ValueError(raw)  # noqa: TRY004 - a value of JSON, no argument of another type
    if isinstance(raw, str) and not re.fullmatch(f"-?{Ledger.currency.written}", raw):
        raise ValueError(raw)
    return Decimal(str(raw))


def moment(raw: Any) -> datetime:
    try:
        return from_rfc_3339(raw if isinstance(raw, str) else "")
    except NoSuchMoment as error:
        raise Refused(str(error)) from error
    except NotRFC3339 as error:
        raise Refused("Give a date and time with its offset, such as 2026-11-22T14:00:00Z.") from error


def sort(raw: Any) -> Sort:
    if raw not in SORTS:
        raise Refused(f"Give one of {', '.join(SORTS)}.")
    return Sort(SortField(raw.removeprefix("-")), raw.startswith("-"))
