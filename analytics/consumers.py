"""From the topics to the hourly totals."""

from collections.abc import Sequence

from analytics.column_windows import Totals, and_others, by_hour, totals_of
from analytics.services import add_columns, add_to_hourly_totals, additions_of, forget_empty_hours
from analytics.windows import Counted, hourly_totals
from database.sums import Addition
from events import TransactionCorrected
from streaming.columns import Orders
from streaming.consuming.deduplication import SeenEvents
from streaming.consuming.exactly_once import apply_once
from streaming.consuming.refusing import refusing
from streaming.records import Batch
from transactions.selectors import implausible

APPLIED_AS = "hourly-totals"
"""under which the offsets of what is in the totals are kept"""


@refusing(implausible)
def add_up(batch: Batch[Counted], *, seen: SeenEvents) -> None:
    """Add a batch to the hourly totals, each event once, however often it is delivered or sent.

    Raises InvalidRecords for changes and corrections that the platform has not published itself.
    """
    with apply_once(APPLIED_AS, batch, seen) as fresh:
        totals = hourly_totals(fresh.events)
        if fresh.orders is None:
            add_to_hourly_totals(totals=totals)
        else:
            orders = fresh.orders
            add_columns(_adding(and_others(orders.make(totals_of), totals)) if totals else orders.make(_additions))
        if any(isinstance(event, TransactionCorrected) for event in fresh.events):
            forget_empty_hours(of=totals.keys())


def _additions(orders: Orders) -> Sequence[Addition]:
    return _adding(orders.make(totals_of))


def _adding(users: Totals) -> Sequence[Addition]:
    return additions_of(users=users, shop=by_hour(users))
