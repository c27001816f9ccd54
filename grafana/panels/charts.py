"""Figures over time: as lines, and as states."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from grafana.panels import links
from grafana.panels.colors import of_names
from grafana.panels.panel import Panel
from grafana.panels.query import Json

ROOM = {"percentunit": 0.01, "ms": 10, "bytes": 2.0**20, "binBps": 2.0**10}
"""Up to where an axis goes at least, by unit, else 1: over figures that are all 0 Grafana would draw it up to 100."""
BESIDE = 10
"""From how many columns on a legend has room beside the lines; below them it shows three lines."""


@dataclass(frozen=True, kw_only=True)
class Lines(Panel):
    """Figures over time.

    minimum and maximum: where the axis ends; None: where the figures end. room: how far it goes at least; None: as its
    unit has it. stacked: their sum matters.
    """

    kind: ClassVar[str] = "timeseries"
    minimum: float | None = 0
    maximum: float | None = None
    room: float | None = None
    stacked: bool = False

    @property
    def falling(self) -> bool:
        """Whether less is worse."""
        return self.steps is not None and not self.steps.rising

    def options(self, columns: int) -> Json:
        # Whatever is worst stands at the top, where one sees it without scrolling.
        worst = {"calcs": ["lastNotNull", "min" if self.falling else "max"],
                 "sortBy": "Min" if self.falling else "Max", "sortDesc": not self.falling}  # fmt: skip
        placement = "right" if columns >= BESIDE else "bottom"
        return {
            "legend": {"displayMode": "table", "placement": placement, "showLegend": True} | worst,
            "tooltip": {"mode": "multi", "sort": "asc" if self.falling else "desc"},
        }

    def custom(self) -> Json:
        room = self.room or ROOM.get(self.unit, 1)
        return {
            "drawStyle": "line",
            "lineWidth": 1,
            "fillOpacity": 30 if self.stacked else 8,
            "showPoints": "never",
            # A gap is shown as one: nobody was asked then, or nobody answered.
            "spanNulls": False,
            "stacking": {"mode": "normal" if self.stacked else "none", "group": "A"},
            "thresholdsStyle": {"mode": self._style()},
            "axisSoftMax": room,
        } | ({"axisSoftMin": -room} if self.minimum is None else {})

    def _style(self) -> str:
        # A line bears the colour of what is above it. Where less is worse, that would be the better one.
        return "off" if not self.steps else "area" if self.falling else "dashed"

    def thresholds(self) -> Json:
        return self.steps.json(good="transparent") if self.steps and self.falling else super().thresholds()

    def color(self) -> Json:
        return {"mode": "palette-classic"}

    def overrides(self) -> list[Json]:
        return of_names(self.queries)

    def defaults(self) -> Json:
        bounds = {"min": self.minimum, "max": self.maximum}
        return super().defaults() | {name: value for name, value in bounds.items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class States(Panel):
    """Which of a few states held when. boards: the name of a series → the dashboard that explains it."""

    kind: ClassVar[str] = "state-timeline"
    boards: Mapping[str, str] = field(default_factory=dict)

    def options(self, columns: int) -> Json:
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

    def color(self) -> Json:
        # With thresholds Grafana replaces values by bands before it looks for what stands for them, and all is blue.
        return {"mode": "palette-classic"}

    def overrides(self) -> list[Json]:
        return [
            {"matcher": {"id": "byName", "options": name}, "properties": [{"id": "links", "value": [links.to(uid)]}]}
            for name, uid in self.boards.items()
        ]
