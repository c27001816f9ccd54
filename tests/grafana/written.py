"""The dashboards that are checked in, as Grafana reads them."""

import json
from collections.abc import Iterator
from typing import Any

from grafana import generate
from grafana.prometheus_api import panels, queries

Json = dict[str, Any]
FILES = sorted(generate.FOLDER.glob("*.json"))
WRITTEN: dict[str, Json] = {file.stem: json.loads(file.read_text()) for file in FILES}


def each_panel(*kinds: str) -> Iterator[tuple[str, Json]]:
    """Where each stands, in words, and itself: those of some kinds, or all."""
    for uid, dashboard in WRITTEN.items():
        for panel in panels(dashboard):
            if not kinds or panel["type"] in kinds:
                yield f"{uid}: {panel['title']}", panel


def each_query() -> Iterator[tuple[str, str, str, str]]:
    """Dashboard, panel, its query's letter, and its expression."""
    for uid, dashboard in WRITTEN.items():
        for panel in panels(dashboard):
            for query in queries(panel):
                yield uid, panel["title"], query["refId"], query["expr"]


def defaults(panel: Json) -> Json:
    found: Json = panel["fieldConfig"]["defaults"]
    return found


def overridden(panel: Json) -> dict[str, Json]:
    """name → property → its value, where a name has some of its own."""
    return {
        override["matcher"]["options"]: {each["id"]: each["value"] for each in override["properties"]}
        for override in panel["fieldConfig"]["overrides"]
        if override["matcher"]["id"] == "byName"
    }


def columns(panel: Json) -> list[str]:
    """A table's, from left to right."""
    [arranged] = [each["options"] for each in panel["transformations"] if each["id"] == "organize"]
    return [arranged["renameByName"][name] for name in sorted(arranged["indexByName"], key=arranged["indexByName"].get)]


def value_columns(panel: Json) -> list[str]:
    """Those that a query fills, not a label."""
    [arranged] = [each["options"] for each in panel["transformations"] if each["id"] == "organize"]
    return [name for value, name in arranged["renameByName"].items() if value.startswith("Value")]
