"""A query whose SQL is made once. For what is asked most: Django takes longer to write a query than to run it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from database.values import as_parameter


@dataclass(frozen=True, slots=True)
class _Compiled:
    sql: str
    converters: Mapping[int, tuple[list[Callable[..., Any]], Any]]
    """number of a column → what makes Django's types of what the database gives"""


@dataclass(frozen=True)
class PreparedQuery:
    """Asks what `queryset(*parameters)` asks, each time with parameters of the same kind.

    queryset: gives a QuerySet with values_list(…), whose SQL takes just these parameters, in this order, as they are
    or, of moments and decimals, as the database takes them.
    """

    queryset: Callable[..., QuerySet[Any, Any]]
    _compiled: dict[str, _Compiled] = field(default_factory=dict)
    """by the kind of database"""

    def rows(self, *parameters: Any) -> list[list[Any]]:
        """The rows, with the types that Django gives their fields."""
        compiled = self._compiled.get(connection.vendor) or self._compile(parameters)
        with connection.cursor() as cursor:
            cursor.execute(compiled.sql, _adapted(parameters))
            rows = list(map(list, cursor.fetchall()))
        for column, (convert, expression) in compiled.converters.items():
            for row in rows:
                for each in convert:
                    row[column] = each(row[column], expression, connection)
        return rows

    def _compile(self, parameters: tuple[Any, ...]) -> _Compiled:
        compiler = self.queryset(*parameters).query.get_compiler(connection=connection)
        sql, found = compiler.as_sql()
        if tuple(found) != _adapted(parameters):
            raise ValueError(f"{sql} takes {found}, not {parameters}")
        converters = compiler.get_converters([expression for expression, *_ in compiler.select])
        self._compiled[connection.vendor] = _Compiled(sql, converters)
        return self._compiled[connection.vendor]


def _adapted(parameters: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(map(as_parameter, parameters))
