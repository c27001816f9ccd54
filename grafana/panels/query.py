"""What a panel asks, and whom: its sources, and targets as Grafana keeps them."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Any, TypeVar

Json = dict[str, Any]
Asked = TypeVar("Asked")

PROMETHEUS: Json = {"type": "prometheus", "uid": "prometheus"}
ELASTICSEARCH: Json = {"type": "elasticsearch", "uid": "kafka-logs"}


@dataclass(frozen=True)
class Query:
    """A question to Prometheus; legend: what each series is called, {{label}} being a label's value.

    dashed: its lines are, beside those of another query that bear the same names.
    """

    expr: str
    legend: str = ""
    dashed: bool = False

    @property
    def labels(self) -> list[str]:
        """Those that its legend names."""
        return re.findall(r"\{\{(\w+)\}\}", self.legend)


def lettered(asked: Iterable[Asked]) -> Iterator[tuple[str, Asked]]:
    """Each with the letter by which Grafana refers to its answer (refId); at most 26."""
    return zip(ascii_uppercase, asked, strict=False)


def range_target(query: Query, letter: str) -> Json:
    """Asked for the whole time range: a value for each step of it."""
    target: Json = {
        "refId": letter,
        "datasource": PROMETHEUS,
        "expr": query.expr,
        "format": "time_series",
        "instant": False,
        "range": True,
    }
    return target | ({"legendFormat": query.legend} if query.legend else {})


def instant_target(query: Query, letter: str) -> Json:
    """Asked for the end of the time range only: what has no answer then has none, whatever it said before."""
    return range_target(query, letter) | {"instant": True, "range": False}


def table_target(expr: str, letter: str) -> Json:
    """The same, where each label becomes a column of its own."""
    return instant_target(Query(expr), letter) | {"format": "table"}
