"""What transactions add up to, per user and hour (UTC), in whole cents. Pure.

Every figure is a plain sum over events, so the order in which they come is of no matter, batches may be cut anywhere,
and an event that comes late simply lands in its hour:

- `total_cents` and `transaction_count` add every Transaction; a refund is one too, with a negative amount.
- `settled_cents` and `refunded_cents` add what reaches SUCCESS, as first status of a Transaction or by a change to it:
  amounts from 0 on are settled, negative ones are refunded and add their absolute value. So settled - refunded is what
  stayed in the till.
- `failed_cents` adds the absolute value of what reaches FAILED, likewise.
- A change to REFUNDED adds nothing, because the refund is a Transaction of its own.
- A correction takes out what a Transaction added that turned out not to be the record of its order, or puts in what the
  record itself would have added.

Each event adds to the hour of its own timestamp: an order placed at 14:59 and paid at 15:01 counts in the total of one
hour and is settled in the next.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from operator import attrgetter

from events import Correction, Transaction, TransactionCorrected, TransactionStatusChanged
from events.time import EPOCH

Counted = Transaction | TransactionStatusChanged | TransactionCorrected
UserHour = tuple[int, datetime]
"""A user_id, and the beginning of an hour (UTC)."""
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Sums:
    total_cents: int = 0
    transaction_count: int = 0
    settled_cents: int = 0
    failed_cents: int = 0
    refunded_cents: int = 0

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(
            self.total_cents + other.total_cents,
            self.transaction_count + other.transaction_count,
            self.settled_cents + other.settled_cents,
            self.failed_cents + other.failed_cents,
            self.refunded_cents + other.refunded_cents,
        )

    def __sub__(self, other: "Sums") -> "Sums":
        return Sums(
            self.total_cents - other.total_cents,
            self.transaction_count - other.transaction_count,
            self.settled_cents - other.settled_cents,
            self.failed_cents - other.failed_cents,
            self.refunded_cents - other.refunded_cents,
        )


NOTHING = Sums()
SUMS = [field.name for field in fields(Sums)]
figures_of: Callable[[Sums], tuple[int, ...]] = attrgetter(*SUMS)
"""a tuple of them, in their order; dataclasses.astuple() would copy each, at many times the cost"""


def hour_of(moment: datetime) -> datetime:
    """The beginning of the hour (UTC) that an aware moment lies in."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def in_hours(moment: datetime) -> int:
    """Whole hours from 1970 to an aware moment, rounded down."""
    return (moment - EPOCH) // HOUR


def from_hours(hours: int) -> datetime:
    """The beginning of the hour (UTC) that is so many after the first one of 1970."""
    return EPOCH + hours * HOUR


def hourly_totals(events: Iterable[Counted]) -> dict[UserHour, Sums]:
    """What the events add to each user's hours; an hour to which they add nothing is left out."""
    totals: dict[UserHour, Sums] = {}
    for event in events:
        if (added := sums_of(event)) != NOTHING:
            key = (event.user_id, hour_of(event.timestamp))
            totals[key] = totals.get(key, NOTHING) + added
    return totals


def by_hour(totals: Mapping[UserHour, Sums]) -> dict[datetime, Sums]:
    """What the totals of users come to in each hour."""
    hours: dict[datetime, Sums] = {}
    for (_, hour), sums in totals.items():
        hours[hour] = hours.get(hour, NOTHING) + sums
    return hours


def sums_of(event: Counted) -> Sums:
    """What one event adds to the hour of its timestamp."""
    if isinstance(event, TransactionCorrected):
        return _correction(event)
    cents = event.cents
    succeeded, failed = event.status == "SUCCESS", event.status == "FAILED"
    is_first = isinstance(event, Transaction)
    return Sums(
        total_cents=cents if is_first else 0,
        transaction_count=1 if is_first else 0,
        settled_cents=cents if succeeded and cents >= 0 else 0,
        failed_cents=abs(cents) if failed else 0,
        refunded_cents=-cents if succeeded and cents < 0 else 0,
    )


def _correction(event: TransactionCorrected) -> Sums:
    counted = sums_of(event.telling)
    return {Correction.REFUSED: NOTHING, Correction.REVERSED: NOTHING - counted, Correction.COUNTED: counted}[
        Correction(event.correction)
    ]
