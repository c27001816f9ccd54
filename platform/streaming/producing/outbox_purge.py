"""Deleting the outbox' rows that were carried long ago, where the carrier leaves them."""

from datetime import datetime, timedelta
from time import monotonic

from django.utils import timezone

from database.deleting import ROWS_AT_ONCE, SECONDS
from streaming.models import OutboxMessage

CLOCKS_DIFFER_BY = timedelta(minutes=1)
"""at the most, while they are right: a row from further ahead was written by a clock that is wrong"""


def purge(*, written_before: datetime, at_once: int = ROWS_AT_ONCE, seconds: float = SECONDS) -> int:
    """Delete the rows written before a moment, in portions, until none is left or the time is over; returns how many.

    Ids rise with the time at which rows are written, but for clocks that differ; there is no index on the time. So it
    goes from the smallest id on, looks at the time of each row, and ends where none of a portion is old enough.
    """
    until, after, deleted = monotonic() + seconds, 0, 0
    while monotonic() < until:
        rows = OutboxMessage.objects.filter(pk__gt=after).order_by("pk")
        portion = list(rows.values_list("pk", "created_at")[:at_once])
        old = [pk for pk, written in portion if written < written_before]
        if old:
            deleted += OutboxMessage.objects.filter(pk__in=old).delete()[0]
        elif _says_that_time_is_reached([written for _, written in portion]):
            break
        after = portion[-1][0]
    return deleted


def _says_that_time_is_reached(young: list[datetime]) -> bool:
    """Whether rows that are too young let expect none that are old after them; those of the future say nothing."""
    ahead = timezone.now() + CLOCKS_DIFFER_BY
    return not young or any(written <= ahead for written in young)
