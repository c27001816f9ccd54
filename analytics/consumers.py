"""From the topics to the hourly totals."""

from typing import Any

from analytics.services import add_to_hourly_totals
from analytics.windows import Counted, hourly_totals
from streaming import dead_letters
from streaming.commands import decode
from streaming.offsets import apply_once
from streaming.seen import SeenEvents
from streaming.worker import Batch, InvalidMessage

GROUP = "aggregator"


def add_up(batch: Batch[Counted], *, seen: SeenEvents) -> None:
    """Add a batch to the hourly totals, each event once, however often it is delivered or sent."""
    with apply_once("hourly-totals", batch, seen) as events:
        add_to_hourly_totals(totals=hourly_totals(events))


def identity(message: Any) -> str | None:
    """The identity of the event that a Kafka message holds; None where the aggregator passed the message over."""
    if not dead_letters.concerns(GROUP, message):
        return None
    try:
        return decode(message).event.identity
    except InvalidMessage:
        return None
