"""Deleting what is old without holding anybody up."""

from time import monotonic
from typing import Any

from django.db.models import QuerySet

ROWS_AT_ONCE = 1000
SECONDS = 5.0
"""How long a run deletes at the most: the next one goes on. Some 100,000 rows."""


def delete_in_portions(rows: QuerySet[Any], *, at_once: int = ROWS_AT_ONCE, seconds: float = SECONDS) -> int:
    """Delete these rows, so many at a time, until none is left or the time is over; returns their number.

    Each portion is a database transaction of its own: its locks are held for milliseconds, and what was deleted stays
    deleted. rows: filtered and ordered as an index is, or each portion reads the whole table.
    """
    until, deleted = monotonic() + seconds, 0
    while monotonic() < until:
        portion = list(rows.values_list("pk", flat=True)[:at_once])
        if portion:
            _, by_model = rows.model._base_manager.filter(pk__in=portion).delete()
            deleted += by_model.get(rows.model._meta.label, 0)  # without what went with them
        if len(portion) < at_once:
            break
    return deleted
