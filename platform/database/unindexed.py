"""Filters that shall not choose the index: `status__unindexed="FAILED"` is `status="FAILED"`, read row by row.

MySQL's planner knows how many rows a value has. SQLite's does not: it takes an equality for rarer than any range, finds
millions of rows by it, and sorts them, where an index in the order that was asked for has the page at its end.
"""

from collections.abc import Mapping
from typing import Any

from django.db.models import CharField, DateTimeField, DecimalField, IntegerField, Transform


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


def bounded_once(lookups: Mapping[str, Any], column: str, side: str) -> dict[str, Any]:
    """The lookups, where another bound of a column from one side (`lt` or `gt`) is closer than theirs.

    SQLite searches an index by one bound from each side, the first that it comes to, and reads on from there.
    """
    farther = {f"{column}__{side}", f"{column}__{side}e"}
    renamed = {name: name.replace("__", f"__{Unindexed.lookup_name}__") for name in farther}
    return {renamed.get(name, name): value for name, value in lookups.items()}


for field in (CharField, DateTimeField, DecimalField, IntegerField):
    field.register_lookup(Unindexed)
