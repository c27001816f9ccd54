"""The kinds of panels that dashboards are made of, and the JSON in which Grafana keeps each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

Json = dict[str, Any]

PROMETHEUS: Json = {"type": "prometheus", "uid": "prometheus"}
ELASTICSEARCH: Json = {"type": "elasticsearch", "uid": "kafka-logs"}

GOOD, BAD, WORSE = "green", "orange", "red"
CALM = "blue"
"""For figures that are neither good nor bad."""


@dataclass(frozen=True)
class Query:
    """A question to Prometheus; legend: what each series is called, {{label}} being a label's value."""

    expr: str
    legend: str = ""


@dataclass(frozen=True)
class Steps:
    """From which values on a figure is no longer good. rising: more is worse; else less is."""

    bad: float | None
    worse: float
    rising: bool = True

    def json(self) -> Json:
        return {"mode": "absolute", "steps": [{"color": color, "value": value} for color, value in self._steps()]}

    def _steps(self) -> list[tuple[str, float | None]]:
        if self.rising:
            middle = [] if self.bad is None else [(BAD, self.bad)]
            return [(GOOD, None), *middle, (WORSE, self.worse)]
        middle = [] if self.bad is None else [(BAD, self.worse), (GOOD, self.bad)]
        return [(WORSE, None), *(middle or [(GOOD, self.worse)])]


NO_STEPS: Json = {"mode": "absolute", "steps": [{"color": CALM, "value": None}]}


@dataclass(frozen=True, kw_only=True)
class Panel:
    """A question and what answers it.

    description: what it shows, and what to do when it looks bad. width: columns of 24; None: an equal share of its
    line. texts: what stands for a value, and its colour. more: the uid of the dashboard that shows more.
    nothing: what is said where there is no answer yet.
    """

    kind: ClassVar[str]
    height: ClassVar[int] = 8

    title: str
    description: str
    unit: str
    queries: Sequence[Query]
    steps: Steps | None = None
    texts: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    width: int | None = None
    decimals: int | None = None
    more: str | None = None
    nothing: str | None = None

    def json(self, number: int, place: Json) -> Json:
        links = {"links": [_link("More of this", f"/d/{self.more}")]} if self.more else {}
        return {
            "id": number,
            "type": self.kind,
            "title": self.title,
            "description": self.description,
            "gridPos": place,
            "datasource": self.source(),
            "targets": self.targets(),
            "options": self.options(),
            "fieldConfig": {"defaults": self._defaults(), "overrides": self.overrides()},
        } | links

    def source(self) -> Json:
        return PROMETHEUS

    def targets(self) -> list[Json]:
        return [_target(query, letter) for query, letter in zip(self.queries, "ABCDEFGH", strict=False)]

    def options(self) -> Json:
        raise NotImplementedError

    def custom(self) -> Json:
        return {}

    def color(self) -> Json:
        return {"mode": "thresholds"}

    def overrides(self) -> list[Json]:
        return []

    def _defaults(self) -> Json:
        defaults = {
            "unit": self.unit,
            "color": self.color(),
            "thresholds": self.steps.json() if self.steps else NO_STEPS,
            "mappings": [_mapping(self.texts)] if self.texts else [],
        }
        optional = {"custom": self.custom(), "decimals": self.decimals, "noValue": self.nothing}
        return defaults | {name: value for name, value in optional.items() if value not in (None, {})}


@dataclass(frozen=True, kw_only=True)
class Lines(Panel):
    """Figures over time. stacked: their sum matters. legend_values: what the legend says of each line."""

    kind: ClassVar[str] = "timeseries"
    stacked: bool = False
    minimum: float | None = 0
    maximum: float | None = None
    legend_values: Sequence[str] = ("lastNotNull", "max")

    def options(self) -> Json:
        return {
            "legend": {
                "displayMode": "table", "placement": "bottom", "showLegend": True,
                "calcs": list(self.legend_values), "sortBy": "Last *", "sortDesc": True,
            },
            "tooltip": {"mode": "multi", "sort": "desc"},
        }  # fmt: skip

    def custom(self) -> Json:
        return {
            "drawStyle": "line",
            "lineWidth": 1,
            "fillOpacity": 30 if self.stacked else 8,
            "showPoints": "never",
            "spanNulls": False,
            "stacking": {"mode": "normal" if self.stacked else "none", "group": "A"},
            "thresholdsStyle": {"mode": "dashed" if self.steps else "off"},
        }

    def color(self) -> Json:
        return {"mode": "palette-classic"}

    def _defaults(self) -> Json:
        bounds = {"min": self.minimum, "max": self.maximum}
        return super()._defaults() | {name: value for name, value in bounds.items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class Figure(Panel):
    """One number, or a few, as they are now, with their course behind."""

    kind: ClassVar[str] = "stat"
    height: ClassVar[int] = 4

    def options(self) -> Json:
        return {
            "reduceOptions": REDUCED_TO_THE_LAST,
            "orientation": "auto",
            "textMode": "auto",
            "wideLayout": True,
            "colorMode": "background" if self.steps or self.texts else "value",
            "graphMode": "none" if self.texts else "area",
            "justifyMode": "auto",
            "showPercentChange": False,
            "percentChangeColorMode": "standard",
        }


@dataclass(frozen=True, kw_only=True)
class Bars(Panel):
    """Several numbers as they are now, beside each other."""

    kind: ClassVar[str] = "bargauge"
    minimum: float | None = 0
    maximum: float | None = None

    def options(self) -> Json:
        return {
            "reduceOptions": REDUCED_TO_THE_LAST,
            "orientation": "horizontal",
            "displayMode": "gradient",
            "valueMode": "color",
            "namePlacement": "left",
            "showUnfilled": True,
            "sizing": "auto",
            "minVizWidth": 8,
            "minVizHeight": 16,
            "maxVizHeight": 32,
            "legend": {"showLegend": False, "displayMode": "list", "placement": "bottom", "calcs": []},
        }

    def _defaults(self) -> Json:
        bounds = {"min": self.minimum, "max": self.maximum}
        return super()._defaults() | {name: value for name, value in bounds.items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class States(Panel):
    """Which of a few states held when."""

    kind: ClassVar[str] = "state-timeline"

    def options(self) -> Json:
        return {
            "mergeValues": True,
            "showValue": "never",
            "alignValue": "left",
            "rowHeight": 0.85,
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
            "tooltip": {"mode": "single", "sort": "none"},
        }

    def custom(self) -> Json:
        return {"fillOpacity": 80, "lineWidth": 0}


@dataclass(frozen=True)
class Column:
    """A column that a query fills with its value."""

    name: str
    expr: str
    unit: str
    steps: Steps | None = None
    texts: Mapping[int, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Table(Panel):
    """What holds now, a row for each set of the labels in `rows`, which every column's query must give."""

    kind: ClassVar[str] = "table"
    queries: Sequence[Query] = ()
    rows: Mapping[str, str]
    """label → what its column is called"""
    columns: Sequence[Column]

    def targets(self) -> list[Json]:
        return [
            _target(Query(column.expr), letter) | {"instant": True, "range": False, "format": "table"}
            for column, letter in zip(self.columns, "ABCDEFGH", strict=False)
        ]

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
        values = {
            f"Value #{letter}" if len(self.columns) > 1 else "Value": column.name
            for column, letter in zip(self.columns, "ABCDEFGH", strict=False)
        }
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


@dataclass(frozen=True, kw_only=True)
class Logs(Panel):
    """Lines of logs from Elasticsearch, newest first."""

    kind: ClassVar[str] = "logs"
    unit: str = "string"
    queries: Sequence[Query] = ()
    lines: str
    """which ones, as Lucene says it"""

    def source(self) -> Json:
        return ELASTICSEARCH

    def targets(self) -> list[Json]:
        logs = {"id": "1", "type": "logs", "settings": {"limit": "500"}}
        return [
            {
                "refId": "A",
                "datasource": ELASTICSEARCH,
                "query": self.lines,
                "timeField": "@timestamp",
                "metrics": [logs],
                "bucketAggs": [],
            }
        ]

    def options(self) -> Json:
        return {
            "dedupStrategy": "none",
            "enableLogDetails": True,
            "prettifyLogMessage": False,
            "showCommonLabels": False,
            "showLabels": False,
            "showLogContextToggle": False,
            "showTime": True,
            "sortOrder": "Descending",
            "wrapLogMessage": True,
        }


REDUCED_TO_THE_LAST: Json = {"calcs": ["lastNotNull"], "fields": "", "values": False}


def _target(query: Query, letter: str) -> Json:
    target: Json = {
        "refId": letter,
        "datasource": PROMETHEUS,
        "expr": query.expr,
        "format": "time_series",
        "instant": False,
        "range": True,
    }
    return target | ({"legendFormat": query.legend} if query.legend else {})


def _mapping(texts: Mapping[int, tuple[str, str]]) -> Json:
    options = {
        str(value): {"text": text, "color": color, "index": place}
        for place, (value, (text, color)) in enumerate(texts.items())
    }
    return {"type": "value", "options": options}


def _properties(column: Column) -> list[Json]:
    properties: list[Json] = [{"id": "unit", "value": column.unit}]
    if column.steps:
        properties.append({"id": "thresholds", "value": column.steps.json()})
    if column.texts:
        properties.append({"id": "mappings", "value": [_mapping(column.texts)]})
    if column.steps or column.texts:
        properties.append({"id": "custom.cellOptions", "value": {"type": "color-text"}})
    return properties


def _link(title: str, url: str) -> Json:
    return {
        "type": "link", "title": title, "url": url, "icon": "external link", "tooltip": "", "tags": [],
        "asDropdown": False, "targetBlank": False, "includeVars": True, "keepTime": True,
    }  # fmt: skip
