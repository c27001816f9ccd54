"""What panels get for their questions, and in which words and colours they show it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan, nan

from grafana.drawing.sheet import COLORS, FAINT, INK
from grafana.prometheus_api import Json, Prometheus, Series, filled_in, name_of, queries
from grafana.units import worded

POINTS = 240
"""Of a line, from left to right."""
Cell = tuple[str, str]


@dataclass(frozen=True)
class Named:
    """A series as a panel's legend calls it."""

    name: str
    series: Series


@dataclass(frozen=True)
class Asked:
    """What a dashboard's panels got for their questions."""

    prometheus: Prometheus
    values: Mapping[str, str]
    begin: float
    end: float
    lines: Sequence[str] = ()
    """of logs, newest first, for panels that Prometheus cannot fill"""

    @property
    def step(self) -> float:
        return max(5.0, (self.end - self.begin) / POINTS)

    def over_time(self, panel: Json) -> list[Named]:
        return [
            Named(name_of(series, query.get("legendFormat")), series)
            for query in queries(panel)
            for series in self.prometheus.over(filled_in(query["expr"], self.values), self.begin, self.end, self.step)
        ]

    def at_the_end(self, query: Json) -> list[Series]:
        return self.prometheus.at(filled_in(query["expr"], self.values), self.end)


def cell_of(value: float, config: Json) -> Cell:
    """A value's text and colour."""
    mapping = texts_and_colors(config)
    if f"{value:g}" in mapping:
        text, color = mapping[f"{value:g}"]
        return text, COLORS.get(color, INK)
    color = "blue"
    for step in config.get("thresholds", {"steps": []})["steps"]:
        if step["value"] is None or value >= step["value"]:
            color = step["color"]
    return worded(value, config["unit"], config.get("decimals")), COLORS[color]


def texts_and_colors(config: Json) -> dict[str, Cell]:
    return {
        value: (result["text"], result["color"])
        for each in config.get("mappings", [])
        for value, result in each["options"].items()
    }


def or_zero(value: float) -> float:
    return 0.0 if isnan(value) else value


def table_of(panel: Json, asked: Asked) -> tuple[list[str], list[list[Cell]]]:
    """Its columns, and its rows as (text, colour), most of the first figure first."""
    [arranged] = [each["options"] for each in panel["transformations"] if each["id"] == "organize"]
    names = arranged["renameByName"]
    labels = [label for label in names if not label.startswith("Value")]
    columns = {names[value]: query for value, query in zip(
        [name for name in names if name.startswith("Value")], queries(panel), strict=True)}  # fmt: skip
    configs = {each["matcher"]["options"]: _overridden(each) for each in panel["fieldConfig"]["overrides"]}
    found: dict[tuple[str, ...], dict[str, float]] = {}
    for name, query in columns.items():
        for series in asked.at_the_end(query):
            key = tuple(series.labels.get(label, "") for label in labels)
            found.setdefault(key, {})[name] = series.last
    first = next(iter(columns))
    ordered = sorted(found.items(), key=lambda row: -or_zero(row[1].get(first, 0.0)))
    rows = [
        [*((part, INK) for part in key), *(_cell(values.get(name), configs[name]) for name in columns)]
        for key, values in ordered
    ]
    return [*(names[label] for label in labels), *columns], rows


def _overridden(override: Json) -> Json:
    return {each["id"]: each["value"] for each in override["properties"]}


def _cell(value: float | None, config: Json) -> Cell:
    if value is None:
        return "–", FAINT
    text, color = cell_of(value, config)
    return text, color if {"thresholds", "mappings"} & set(config) else INK


def moment(at: float) -> float:
    """As matplotlib counts time: in days."""
    return at / 86400


def with_gaps(series: Series, step: float) -> tuple[list[float], list[float]]:
    """A line's points, broken where nothing was known."""
    times, values = [], []
    before = series.points[0][0]
    for at, value in series.points:
        if at - before > 1.5 * step:
            times.append(moment(before + step))
            values.append(nan)
        times.append(moment(at))
        values.append(value)
        before = at
    return times, values


def spans(series: Series, step: float) -> list[tuple[float, float, float]]:
    """(value, from, to) of each stretch in which a value held."""
    spans: list[tuple[float, float, float]] = []
    for at, value in series.points:
        if spans and spans[-1][0] == value and at - spans[-1][2] <= 0.5 * step:
            spans[-1] = (value, spans[-1][1], at + step)
        else:
            spans.append((value, at, at + step))
    return spans
