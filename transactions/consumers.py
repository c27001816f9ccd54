from django.db import IntegrityError

import events
from streaming.messages import InvalidRecords
from streaming.records import Batch
from transactions import recording

TRIES = 5
"""How often others may record orders of a batch between the look at the table and the writing to it."""


def record(batch: Batch[events.Transaction]) -> None:
    """Every transaction of the topic into the table; a second delivery changes nothing.

    Raises InvalidRecords for tellings that contradict what is recorded.
    """
    if contradictions := _record(batch):
        raise InvalidRecords(contradictions)


def _record(batch: Batch[events.Transaction]) -> list[recording.Contradiction]:
    for _ in range(TRIES - 1):
        try:
            return recording.record(received=batch.records, orders=batch.orders)
        except IntegrityError:
            # By the other door, or by another recorder for another user. The next look at the table shows it.
            continue
    return recording.record(received=batch.records, orders=batch.orders)
