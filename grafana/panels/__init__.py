"""The kinds of panels that dashboards are made of, and the JSON in which Grafana keeps each."""

from grafana.panels.charts import Bars, Figure, Lines, States
from grafana.panels.logs import Logs
from grafana.panels.panel import Panel
from grafana.panels.query import ELASTICSEARCH, PROMETHEUS, Json, Query
from grafana.panels.table import Column, Table
from grafana.panels.thresholds import BAD, CALM, GOOD, WORSE, Steps

__all__ = [
    "BAD", "CALM", "ELASTICSEARCH", "GOOD", "PROMETHEUS", "WORSE",
    "Bars", "Column", "Figure", "Json", "Lines", "Logs", "Panel", "Query", "States", "Steps", "Table",
]  # fmt: skip
