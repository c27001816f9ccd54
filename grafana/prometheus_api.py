"""Asks a Prometheus what a dashboard's panels ask, as Grafana would."""

import json
import re
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from native.loopback import urlopen

Json = dict[str, Any]
Labels = Mapping[str, str]
TIMEOUT_SECONDS = 30
RATE_INTERVAL = "1m"
"""What stands for Grafana's $__rate_interval: four scrapes at least."""


@dataclass(frozen=True)
class Series:
    labels: Labels
    points: Sequence[tuple[float, float]]
    """seconds since 1970, value"""

    @property
    def last(self) -> float:
        return self.points[-1][1]


@dataclass(frozen=True)
class Prometheus:
    url: str

    def at(self, expr: str, moment: float | None = None) -> list[Series]:
        """What an expression gives at a moment, now if none is given."""
        when = {} if moment is None else {"time": str(moment)}
        found = self.get("query", {"query": expr} | when)
        if found["resultType"] == "scalar":
            return [Series({}, [_point(found["result"])])]
        return [Series(each["metric"], [_point(each["value"])]) for each in found["result"]]

    def over(self, expr: str, begin: float, end: float, step: float) -> list[Series]:
        """What it gave from one moment to another."""
        asked = {"query": expr, "start": str(begin), "end": str(end), "step": str(step)}
        found = self.get("query_range", asked)
        return [Series(each["metric"], [_point(point) for point in each["values"]]) for each in found["result"]]

    def label_values(self, metric: str, label: str) -> list[str]:
        found: list[str] = self.get(f"label/{label}/values", {"match[]": metric})
        return found

    def names(self) -> set[str]:
        """Every metric that it has."""
        return set(self.get("label/__name__/values"))

    def get(self, question: str, asked: Mapping[str, str] | None = None) -> Any:
        """What its API answers, as it stands there."""
        address = f"{self.url}/api/v1/{question}?{urllib.parse.urlencode(asked or {})}"
        with urlopen(address, timeout=TIMEOUT_SECONDS) as answer:
            return json.load(answer)["data"]


def panels(dashboard: Json) -> list[Json]:
    """Its panels, without the headings between them."""
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def queries(panel: Json) -> list[Json]:
    """Its questions to Prometheus."""
    return [target for target in panel["targets"] if target["datasource"]["type"] == "prometheus"]


def values_of_variables(dashboard: Json, prometheus: Prometheus) -> dict[str, str]:
    """For each variable a regular expression of all its values, as if one had chosen each of them."""
    return {name: "|".join(map(re.escape, values)) for name, values in choices(dashboard, prometheus)}


def choices(dashboard: Json, prometheus: Prometheus) -> Iterator[tuple[str, list[str]]]:
    """Each variable, and what one can choose."""
    for variable in dashboard["templating"]["list"]:
        asked = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"]["query"])
        if not asked:
            raise ValueError(f"{variable['name']} asks for something else than label_values(metric, label).")
        yield variable["name"], prometheus.label_values(asked[1], asked[2])


def filled_in(expr: str, values: Mapping[str, str]) -> str:
    """An expression with values in the place of its variables."""
    expr = expr.replace("$__rate_interval", RATE_INTERVAL)
    for name, value in values.items():
        # Inside the quotes of PromQL a backslash is written twice.
        expr = expr.replace(f"${name}", value.replace("\\", "\\\\"))
    return expr


def name_of(series: Series, legend: str | None) -> str:
    """What a legend calls a series."""
    if not legend:
        return ", ".join(f"{label}={value}" for label, value in series.labels.items() if label != "__name__")
    return re.sub(r"\{\{(\w+)\}\}", lambda label: series.labels.get(label[1], ""), legend).strip()


def _point(point: Sequence[Any]) -> tuple[float, float]:
    return float(point[0]), float(point[1])
