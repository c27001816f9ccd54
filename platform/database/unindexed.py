"""Filters that shall not choose the index: `status__unindexed="FAILED"` is `status="FAILED"`, read row by row.

MySQL's planner knows how many rows a value has. SQLite's does not: it takes an equality for rarer than any range, finds
millions of rows by it, and sorts them, where an index in the order that was asked for has the page at its end.
"""

from typing import Any

from django.db.models import CharField, DateTimeField, DecimalField, Transform


class Unindexed(Transform):
    """The same value, which no index of SQLite has."""

    lookup_name = "unindexed"

    def as_sql(self, compiler: Any, connection: Any, **_: Any) -> tuple[str, Any]:  # type: ignore[override]
        sql, params = compiler.compile(self.lhs)
        if connection.vendor != "sqlite":
            return sql, params
        # A unary plus takes a column's affinity away, without which a number is never equal to the text of one.
        return f"CAST({sql} AS NUMERIC)" if isinstance(self.output_field, DecimalField) else f"+{sql}", params

    @property
    def output_field(self) -> Any:
        return self.lhs.output_field


for field in (CharField, DateTimeField, DecimalField):
    field.register_lookup(Unindexed)
