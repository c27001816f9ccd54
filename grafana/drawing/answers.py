"""What panels get for their questions, and in which words and colours they show it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan, nan

from grafana.drawing.sheet import COLORS, INK, NOTHING
from grafana.prometheus_api import Json, Prometheus, Series, filled_in, name_of, queries
from grafana.units import worded

POINTS = 240
"""Of a line, from left to right."""
Cell = tuple[str, str]


@dataclass(frozen=True)
class Named:
    """A series as a panel's legend calls it, and the letter of the query that gave it."""

    name: str
    series: Series
    letter: str


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

    def answers(self, panel: Json) -> list[Named]:
        """For the whole time, or for its end only, as the panel asks."""
        return [
            Named(name_of(series, query.get("legendFormat")), series, query["refId"])
            for query in queries(panel)
            for series in (self.at_the_end(query) if query["instant"] else self._over_time(query))
        ]

    def at_the_end(self, query: Json) -> list[Series]:
        return self.prometheus.at(filled_in(query["expr"], self.values), self.end)

    def _over_time(self, query: Json) -> list[Series]:
        return self.prometheus.over(filled_in(query["expr"], self.values), self.begin, self.end, self.step)


def color_of(name: str) -> str:
    return COLORS.get(name, name)


def cell_of(value: float, config: Json) -> Cell:
    """A value's text and colour."""
    if isnan(value):
        return of_nothing(config)
    mapped = texts_and_colors(config).get(f"{value:g}")
    return mapped or (worded(value, config["unit"], config.get("decimals")), color_of(step_of(value, config)))


def of_nothing(config: Json) -> Cell:
    """What stands where there is no answer, or one that is no number. Grafana's own colour for it is the first one."""
    for each in config.get("mappings", []):
        if each["type"] == "special":
            return each["options"]["result"]["text"], color_of(each["options"]["result"]["color"])
    return config.get("noValue", NOTHING), color_of(step_of(float("-inf"), config))


def step_of(value: float, config: Json) -> str:
    """The colour of the last threshold that a value has reached."""
    color = "blue"
    for step in config.get("thresholds", {"steps": []})["steps"]:
        if step["value"] is None or value >= step["value"]:
            color = step["color"]
    return color


def texts_and_colors(config: Json) -> dict[str, Cell]:
    """What stands for which value."""
    return {
        value: (result["text"], color_of(result["color"]))
        for each in config.get("mappings", [])
        if each["type"] == "value"
        for value, result in each["options"].items()
    }


def or_zero(value: float) -> float:
    return 0.0 if isnan(value) else value


def overridden(panel: Json) -> dict[tuple[str, str], Json]:
    """(matcher, what it matches) → property → value."""
    return {
        (each["matcher"]["id"], each["matcher"]["options"]): {one["id"]: one["value"] for one in each["properties"]}
        for each in panel["fieldConfig"]["overrides"]
    }


def table_of(panel: Json, asked: Asked) -> tuple[list[str], list[list[Cell]]]:
    """Its columns, and its rows as (text, colour), in the order that it asks for."""
    [arranged] = [each["options"] for each in panel["transformations"] if each["id"] == "organize"]
    names, order = arranged["renameByName"], sorted(arranged["indexByName"], key=arranged["indexByName"].get)
    values = [name for name in names if name.startswith("Value")]
    labels = [name for name in order if name not in values]
    found: dict[tuple[str, ...], dict[str, float | str]] = {}
    for value, query in zip(values, queries(panel), strict=True):
        for series in asked.at_the_end(query):
            key = tuple(series.labels.get(label, "") for label in labels)
            row = found.setdefault(key, {names[label]: word for label, word in zip(labels, key, strict=True)})
            row[names[value]] = series.last
    rows = list(found.values())
    for column in reversed(panel["options"]["sortBy"]):
        rows.sort(key=lambda row: _rank(row.get(column["displayName"])), reverse=column["desc"])
    configs = {name: overridden(panel).get(("byName", name), {}) for name in names.values()}
    header = [names[name] for name in order]
    return header, [[_cell(row.get(name), configs[name]) for name in header] for row in rows]


def _rank(value: float | str | None) -> tuple[float, str]:
    return (0.0, value) if isinstance(value, str) else (-1.0 if value is None else or_zero(value), "")


def _cell(value: float | str | None, config: Json) -> Cell:
    if isinstance(value, str):
        return texts_and_colors(config).get(value, (value, INK))
    text, color = cell_of(nan if value is None else value, config)
    return text, color if {"custom.cellOptions"} & set(config) else INK


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
