"""Figures as lines, numbers, bars and states."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from grafana.panels.panel import Panel
from grafana.panels.query import Json

REDUCED_TO_THE_LAST: Json = {"calcs": ["lastNotNull"], "fields": "", "values": False}


@dataclass(frozen=True, kw_only=True)
class Scaled(Panel):
    """A panel with an axis. minimum and maximum: where it ends; None: where the figures end."""

    minimum: float | None = 0
    maximum: float | None = None

    def _defaults(self) -> Json:
        bounds = {"min": self.minimum, "max": self.maximum}
        return super()._defaults() | {name: value for name, value in bounds.items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class Lines(Scaled):
    """Figures over time. stacked: their sum matters. legend_values: what the legend says of each line."""

    kind: ClassVar[str] = "timeseries"
    stacked: bool = False
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
            # A gap is shown as one: nobody was asked then, or nobody answered.
            "spanNulls": False,
            "stacking": {"mode": "normal" if self.stacked else "none", "group": "A"},
            "thresholdsStyle": {"mode": "dashed" if self.steps else "off"},
        }

    def color(self) -> Json:
        return {"mode": "palette-classic"}


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
class Bars(Scaled):
    """Several numbers as they are now, beside each other."""

    kind: ClassVar[str] = "bargauge"

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
