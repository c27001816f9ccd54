"""From the topics to the hourly totals."""

from analytics import column_windows
from analytics.column_windows import and_others, totals_of
from analytics.services import add_columns, add_to_hourly_totals, forget_empty_hours
from analytics.windows import Counted, hourly_totals
from events import TransactionCorrected
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
            users = and_others(totals_of(fresh.orders), totals)
            add_columns(users=users, shop=column_windows.by_hour(users))
        if any(isinstance(event, TransactionCorrected) for event in fresh.events):
            forget_empty_hours(of=totals.keys())
