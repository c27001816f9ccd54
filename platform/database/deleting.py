"""Deleting what is old, or done with, without holding anybody up."""

from collections.abc import Sequence
from time import monotonic
from typing import Any

from django.db import connection
from django.db.models import Model, QuerySet

from database.portions import ASKED_AT_ONCE, portions

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


def delete_rows(model: type[Model], keys: Sequence[int | str]) -> None:
    """Delete the rows of these primary keys, to which nothing refers, in portions.

    Django's own statement takes longer to write than to execute.
    """
    quote, table, key = connection.ops.quote_name, model._meta.db_table, str(model._meta.pk.column)
    with connection.cursor() as cursor:
        for some in portions(keys, ASKED_AT_ONCE):
            places = ", ".join(["%s"] * len(some))
            # Nothing but names of the table and its key stands in it; the values are parameters.
            cursor.execute(f"DELETE FROM {quote(table)} WHERE {quote(key)} IN ({places})", some)  # noqa: S608
