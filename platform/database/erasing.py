"""Erasing what identifies somebody, a portion at a time, so that it may be broken off anywhere and begun again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

ROWS_AT_ONCE = 500

Rows = Callable[[], QuerySet[Any, Any]]


@dataclass(frozen=True, slots=True)
class Erasure:
    """Rows that identify somebody, and what is done with them."""

    what: str
    """in words, in the plural"""
    rows: Rows
    """those in which there is something to erase: none once it is done. Asked for anew each time."""
    becomes: Callable[[Any], Mapping[str, Any]] | Mapping[str, Any] | None = None
    """the columns as they will be, of all rows alike or of each; None: rows are deleted"""

    @property
    def done(self) -> str:
        return "deleted" if self.becomes is None else "emptied"

    def count(self) -> int:
        return self.rows().count()

    def erase(self) -> int:
        """Erase all of it, each portion by itself; returns how many rows that were."""
        erased = 0
        while portion := list(self.rows().order_by("pk")[:ROWS_AT_ONCE]):
            self._erase(portion)
            erased += len(portion)
        return erased

    def _erase(self, portion: list[Any]) -> None:
        table = type(portion[0])._base_manager
        if callable(self.becomes):
            for row in portion:
                table.filter(pk=row.pk).update(**self.becomes(row))
            return
        rows = table.filter(pk__in=[row.pk for row in portion])
        rows.delete() if self.becomes is None else rows.update(**self.becomes)
