"""What holds now, row by row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from grafana.panels import links
from grafana.panels.query import Json, Query, lettered, table_target
from grafana.panels.thresholds import Steps, Texts, mapping, mappings
from grafana.panels.tiles import Tile

WIDEST_UNTOLD = 150
"""Pixels that Grafana gives a column at least, unless told how many."""


@dataclass(frozen=True)
class Column:
    """A column that a query fills with its value. width: pixels, None: what is left."""

    name: str
    expr: str
    unit: str
    steps: Steps | None = None
    texts: Texts = field(default_factory=dict)
    width: int | None = None
    decimals: int | None = None

    def properties(self, nothing: str) -> list[Json]:
        properties: list[Json] = [
            {"id": "unit", "value": self.unit},
            {"id": "mappings", "value": mappings(self.texts, nothing)},
        ]
        if self.decimals is not None:
            properties.append({"id": "decimals", "value": self.decimals})
        if self.steps:
            properties.append({"id": "thresholds", "value": self.steps.json()})
        if self.steps or self.texts:
            properties.append({"id": "custom.cellOptions", "value": {"type": "color-text"}})
        return properties


@dataclass(frozen=True)
class Label:
    """A column that a label fills. leads: where its value is explained, as data links."""

    name: str
    width: int | None = None
    texts: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    leads: Sequence[Json] = ()

    def properties(self) -> list[Json]:
        properties: list[Json] = []
        if self.texts:
            properties += [
                {"id": "mappings", "value": [mapping(self.texts)]},
                {"id": "custom.cellOptions", "value": {"type": "color-text"}},
            ]
        return properties + ([{"id": "links", "value": list(self.leads)}] if self.leads else [])


@dataclass(frozen=True, kw_only=True)
class Table(Tile):
    """What holds now, a row for each set of the labels in `rows`, which every column's query must give.

    Columns of words (a verdict) stand before the labels, those of figures behind them. worst_first: the names of the
    columns by which it is sorted; those of labels from A to Z, those of values from the greatest on.
    """

    kind: ClassVar[str] = "table"
    queries: Sequence[Query] = ()
    rows: Mapping[str, Label]
    columns: Sequence[Column]
    worst_first: Sequence[str]

    def targets(self) -> list[Json]:
        return [table_target(column.expr, letter) for letter, column in lettered(self.columns)]

    def options(self, columns: int) -> Json:
        values = {column.name for column in self.columns}
        sorting = [{"displayName": name, "desc": name in values} for name in self.worst_first]
        return {"frameIndex": 0, "showHeader": True, "cellHeight": "sm", "sortBy": sorting}

    def custom(self) -> Json:
        return {"align": "auto", "cellOptions": {"type": "auto"}, "inspect": False, "filterable": True}

    def mappings(self) -> list[Json]:
        # Of columns of values only: Grafana takes a word for no number, and would map labels.
        return []

    def defaults(self) -> Json:
        return super().defaults() | {"noValue": self.nothing}

    def overrides(self) -> list[Json]:
        of_labels = [(label.name, label.width, label.properties()) for label in self.rows.values()]
        of_values = [(column.name, column.width, column.properties("–")) for column in self.columns]
        return [
            {"matcher": {"id": "byName", "options": name}, "properties": properties + _width(width)}
            for name, width, properties in of_labels + of_values
        ]

    def json(self, number: int, place: Json) -> Json:
        # Each query's answer is a table of its own; `merge` joins the rows that agree in all labels. Grafana calls the
        # column of values `Value #A`, `Value #B`, … after their queries, but `Value` where there is one query only.
        values = {
            f"Value #{letter}" if len(self.columns) > 1 else "Value": column
            for letter, column in lettered(self.columns)
        }
        words = [value for value, column in values.items() if column.texts]
        # Labels that are not named here (job, instance, …) are answered too, and left out.
        order = [*words, *self.rows, *(value for value in values if value not in words)]
        names = {label: column.name for label, column in (dict(self.rows) | values).items()}
        arranged = {
            "includeByName": dict.fromkeys(order, True),
            "indexByName": {name: position for position, name in enumerate(order)},
            "renameByName": names,
        }
        merged = {"id": "merge", "options": {}}
        return super().json(number, place) | {
            "transformations": [merged, {"id": "organize", "options": arranged}],
        }


def leading(label: str, name: str, width: int | None = None) -> Label:
    """A column of a label whose values another dashboard explains."""
    return Label(name, width, leads=[links.of_row(label, name)])


def _width(pixels: int | None) -> list[Json]:
    return [] if pixels is None else [{"id": "custom.width", "value": pixels}]
