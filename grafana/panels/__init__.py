"""The kinds of panels that dashboards are made of, and the JSON in which Grafana keeps each."""

from grafana.panels.charts import Lines, States
from grafana.panels.logs import Logs
from grafana.panels.panel import Panel
from grafana.panels.query import ELASTICSEARCH, PROMETHEUS, Json, Query
from grafana.panels.table import Column, Label, Table, leading
from grafana.panels.thresholds import BAD, CALM, GOOD, UNKNOWN, WORSE, Steps
from grafana.panels.tiles import Bars, Figure

__all__ = [
    "BAD", "CALM", "ELASTICSEARCH", "GOOD", "PROMETHEUS", "UNKNOWN", "WORSE",
    "Bars", "Column", "Figure", "Json", "Label", "Lines", "Logs", "Panel", "Query", "States", "Steps", "Table",
    "leading",
]  # fmt: skip
