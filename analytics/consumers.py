"""From the topics to the hourly totals."""

from analytics.services import add_to_hourly_totals
from analytics.windows import Counted, hourly_totals
from streaming.offsets import apply_once
from streaming.seen import SeenEvents
from streaming.worker import Batch

APPLIED_AS = "hourly-totals"
"""under which the offsets of what is in the totals are kept"""


def add_up(batch: Batch[Counted], *, seen: SeenEvents) -> None:
    """Add a batch to the hourly totals, each event once, however often it is delivered or sent."""
    with apply_once(APPLIED_AS, batch, seen) as events:
        add_to_hourly_totals(totals=hourly_totals(events))
