from collections.abc import Sequence

from django.db import IntegrityError

import events
from streaming.messages import InvalidRecords
from streaming.records import Batch
from transactions import recording, selectors

SAMPLED = 20
"""of a batch, to see whether it is new"""
TRIES = 5
"""How often others may record orders of a batch between the look at the table and the writing to it."""


def record(batch: Batch[events.Transaction]) -> None:
    """Every transaction of the topic into the table; a second delivery changes nothing.

    Raises InvalidRecords for tellings that contradict what is recorded.
    """
    if contradictions := _record(batch):
        raise InvalidRecords(contradictions)


def _record(batch: Batch[events.Transaction]) -> list[recording.Contradiction]:
    are_new = batch.orders is not None and not selectors.recorded_of(sample(batch.orders.order_ids()))
    for _ in range(TRIES - 1):
        try:
            return recording.record(received=batch.records, orders=batch.orders, are_new=are_new)
        except IntegrityError:
            # By the other door, or by another recorder for another user. A look at the whole batch shows it.
            are_new = False
    return recording.record(received=batch.records, orders=batch.orders)


def sample(order_ids: Sequence[str]) -> Sequence[str]:
    """Some of them from everywhere: whatever is recorded was so by a batch before, or comes in stretches by the API."""
    return order_ids[:: max(1, len(order_ids) // SAMPLED)]
