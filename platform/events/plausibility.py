"""Which well-formed events cannot be true.

The verdict depends on the event and on when the broker received it, never on the reader's clock: every worker, and
every later replay, comes to the same one.
"""

import math
from datetime import UTC, datetime, timedelta
from typing import Protocol

from events.money import MOST_CENTS, Ledger, to_cents

MAX_USER_ID = 2**31 - 1
"""The largest int of Avro."""
FUTURE_TOLERANCE = timedelta(days=1)
MAX_ORDER_ID_LENGTH = 64


class Bounds:
    """What a shop may choose; its settings put it here when a process starts."""

    earliest = datetime(1990, 1, 1, tzinfo=UTC)
    """before this the shop had no orders: seconds where milliseconds are meant give a day in 1970"""


class ImpossibleEvent(ValueError):
    """No retry can mend this event; the message says what is wrong with which field."""


class AboutAnOrder(Protocol):
    @property
    def order_id(self) -> str: ...
    @property
    def user_id(self) -> int: ...
    @property
    def amount(self) -> float: ...
    @property
    def timestamp(self) -> datetime: ...


def check_plausible(event: AboutAnOrder, received_at: datetime) -> None:
    """Raise ImpossibleEvent if the event cannot be true, given when it was received."""
    if not 0 < len(event.order_id) <= MAX_ORDER_ID_LENGTH:
        raise ImpossibleEvent(f"order_id has {len(event.order_id)} characters, not 1 to {MAX_ORDER_ID_LENGTH}")
    if event.user_id < 0:
        raise ImpossibleEvent(f"user_id {event.user_id} is negative")
    if event.user_id > MAX_USER_ID:
        raise ImpossibleEvent(f"user_id {event.user_id} is beyond {MAX_USER_ID}")
    if not math.isfinite(event.amount):
        raise ImpossibleEvent(f"amount {event.amount} is not a number")
    # In this order: the largest doubles have no cents.
    if abs(event.amount) > Ledger.currency.most + 1 or abs(to_cents(event.amount)) > MOST_CENTS:
        raise ImpossibleEvent(f"amount {event.amount} is beyond {Ledger.currency.most}")
    if event.timestamp - received_at > FUTURE_TOLERANCE:  # a sum would fall off the end of the calendar
        raise ImpossibleEvent(f"timestamp {event.timestamp.isoformat()} is more than a day after it was received")
    if event.timestamp < Bounds.earliest:
        raise ImpossibleEvent(f"timestamp {event.timestamp.isoformat()} is before {Bounds.earliest.date()}")
