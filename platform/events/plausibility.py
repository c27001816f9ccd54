"""Which well-formed events cannot be true.

The verdict depends on the event and on when the broker received it, never on the reader's clock: every worker, and
every later replay, comes to the same one.
"""

import math
from datetime import UTC, datetime, timedelta
from typing import Protocol

from events.money import MAX_AMOUNT

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
FUTURE_TOLERANCE = timedelta(days=1)
MAX_ORDER_ID_LENGTH = 64


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
    if not math.isfinite(event.amount):
        raise ImpossibleEvent(f"amount {event.amount} is not a number")
    if abs(event.amount) > MAX_AMOUNT:
        raise ImpossibleEvent(f"amount {event.amount} is beyond {MAX_AMOUNT}")
    if event.timestamp > received_at + FUTURE_TOLERANCE:
        raise ImpossibleEvent(f"timestamp {event.timestamp.isoformat()} is more than a day after it was received")
    if event.timestamp < EARLIEST:
        raise ImpossibleEvent(f"timestamp {event.timestamp.isoformat()} is before {EARLIEST.year}")
