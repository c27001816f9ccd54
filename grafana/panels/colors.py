"""One colour for each topic, worker and node, in whichever panel it stands."""

import re
from collections.abc import Mapping, Sequence

from grafana.panels.query import Json, Query, lettered

Colors = Mapping[str, str]

TOPICS = {
    "transactions": "#3b7dd8",
    "transactions.status": "#e07b39",
    "transactions.corrections": "#8c5a3c",
    "fraud.alerts": "#c94f7c",
    "mysql.transactions": "#3f9e5c",
}
WORKERS = {
    "recorder": "#3b7dd8",
    "fraud": "#c94f7c",
    "aggregator": "#e07b39",
    "notifier": "#8067b7",
    "indexer": "#3f9e5c",
    "relay": "#b08900",
}
NODES = {
    f"{kind}-{number}": color
    for kind in ("kafka", "zookeeper")
    for number, color in enumerate(("#3b7dd8", "#e07b39", "#3f9e5c"), 1)
}
OF_LABEL: Mapping[str, Colors] = {"topic": TOPICS, "worker": WORKERS, "consumergroup": WORKERS, "instance": NODES}
PALETTE = (
    "#3b7dd8", "#e07b39", "#3f9e5c", "#c94f7c", "#8067b7", "#b08900", "#2aa5a0", "#d0454c", "#6b7f99", "#8c5a3c",
)  # fmt: skip
"""For all others in our own drawings; Grafana has its own."""
DEAD_LETTERS = ".dead-letters"
DASHED: Json = {"id": "custom.lineStyle", "value": {"fill": "dash", "dash": [8, 6]}}


def of_names(queries: Sequence[Query]) -> list[Json]:
    """Overrides that give names their colours, and dashes to dead letters and to what a query wants dashed."""
    named = [override for query in queries for override in _of_query(query)]
    dashed = [
        {"matcher": {"id": "byFrameRefID", "options": letter}, "properties": [DASHED]}
        for letter, query in lettered(queries)
        if query.dashed
    ]
    return named + dashed


def _of_query(query: Query) -> list[Json]:
    # `{{topic}}`, or `{{topic}} in`: of two labels together, none is the one that counts.
    alone = re.fullmatch(r"\{\{(\w+)\}\}([^{}]*)", query.legend)
    colors = OF_LABEL.get(alone[1], {}) if alone else {}
    end = alone[2] if alone else ""
    plain = [_override(f"{name}{end}", color) for name, color in colors.items()]
    letters = [_override(f"{name}{DEAD_LETTERS}{end}", color, DASHED) for name, color in colors.items()]
    return plain + (letters if colors is TOPICS else [])


def _override(name: str, color: str, *more: Json) -> Json:
    fixed: Json = {"id": "color", "value": {"mode": "fixed", "fixedColor": color}}
    return {"matcher": {"id": "byName", "options": name}, "properties": [fixed, *more]}
