"""What holds now, row by row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from grafana.panels.panel import Panel
from grafana.panels.query import Json, Query, instant_target, lettered
from grafana.panels.thresholds import Steps, Texts, mapping


@dataclass(frozen=True)
class Column:
    """A column that a query fills with its value."""

    name: str
    expr: str
    unit: str
    steps: Steps | None = None
    texts: Texts = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Table(Panel):
    """What holds now, a row for each set of the labels in `rows`, which every column's query must give."""

    kind: ClassVar[str] = "table"
    queries: Sequence[Query] = ()
    rows: Mapping[str, str]
    """label → what its column is called"""
    columns: Sequence[Column]

    def targets(self) -> list[Json]:
        return [instant_target(column.expr, letter) for letter, column in lettered(self.columns)]

    def options(self) -> Json:
        most_first = [{"displayName": self.columns[0].name, "desc": True}]
        return {"frameIndex": 0, "showHeader": True, "cellHeight": "sm", "sortBy": most_first}

    def custom(self) -> Json:
        return {"align": "auto", "cellOptions": {"type": "auto"}, "inspect": False, "filterable": True}

    def overrides(self) -> list[Json]:
        return [
            {"matcher": {"id": "byName", "options": column.name}, "properties": _properties(column)}
            for column in self.columns
        ]

    def json(self, number: int, place: Json) -> Json:
        # Each query's answer is a table of its own; `merge` joins the rows that agree in all labels. Grafana calls the
        # column of values `Value #A`, `Value #B`, … after their queries, but `Value` where there is one query only.
        values = {
            f"Value #{letter}" if len(self.columns) > 1 else "Value": column.name
            for letter, column in lettered(self.columns)
        }
        # Labels that are not named here (job, instance, …) are answered too, and left out.
        order = [*self.rows, *values]
        arranged = {
            "includeByName": dict.fromkeys(order, True),
            "indexByName": {name: position for position, name in enumerate(order)},
            "renameByName": dict(self.rows) | values,
        }
        merged = {"id": "merge", "options": {}}
        return super().json(number, place) | {
            "transformations": [merged, {"id": "organize", "options": arranged}],
        }


def _properties(column: Column) -> list[Json]:
    properties: list[Json] = [{"id": "unit", "value": column.unit}]
    if column.steps:
        properties.append({"id": "thresholds", "value": column.steps.json()})
    if column.texts:
        properties.append({"id": "mappings", "value": [mapping(column.texts)]})
    if column.steps or column.texts:
        properties.append({"id": "custom.cellOptions", "value": {"type": "color-text"}})
    return properties
