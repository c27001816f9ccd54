"""Filters that shall not choose the index: `status__unindexed="FAILED"` is `status="FAILED"`, read row by row.

MySQL's planner knows how many rows a value has. SQLite's does not: it takes an equality for rarer than any range, finds
millions of rows by it, and sorts them, where an index in the order that was asked for has the page at its end.
"""

from typing import Any

from django.db.models import CharField, Transform


class Unindexed(Transform):
    """The same value; for texts, whose comparison does not depend on the column's affinity."""

    lookup_name = "unindexed"

    def as_sql(self, compiler: Any, connection: Any, **_: Any) -> tuple[str, Any]:  # type: ignore[override]
        sql, params = compiler.compile(self.lhs)
        return f"+{sql}" if connection.vendor == "sqlite" else sql, params

    @property
    def output_field(self) -> Any:
        return self.lhs.output_field


CharField.register_lookup(Unindexed)
