"""Figures as they are now."""

from dataclasses import dataclass
from typing import ClassVar

from grafana.panels import links
from grafana.panels.panel import Panel
from grafana.panels.query import Json, instant_target, lettered
from grafana.panels.thresholds import mappings

ONE_ANSWER: Json = {"calcs": ["lastNotNull"], "fields": "", "values": False}


@dataclass(frozen=True, kw_only=True)
class Tile(Panel):
    """What is so at this moment. nothing: what is said where there is no answer."""

    nothing: str = "unknown"

    def targets(self) -> list[Json]:
        return [instant_target(query, letter) for letter, query in lettered(self.queries)]

    def mappings(self) -> list[Json]:
        return mappings(self.texts, self.nothing)


@dataclass(frozen=True, kw_only=True)
class Figure(Tile):
    """One number, or a few."""

    kind: ClassVar[str] = "stat"
    height: ClassVar[int] = 4

    def options(self, columns: int) -> Json:
        return {
            "reduceOptions": ONE_ANSWER,
            "orientation": "auto",
            "textMode": "auto",
            "wideLayout": True,
            "colorMode": "background" if self.steps or self.texts else "value",
            "graphMode": "none",
            "justifyMode": "auto",
            "showPercentChange": False,
            "percentChangeColorMode": "standard",
        }

    def links(self) -> list[Json]:
        # An icon would take room from the title; the whole tile is the link.
        return []

    def leads(self) -> list[Json]:
        return [links.to(self.more)] if self.more else super().leads()


@dataclass(frozen=True, kw_only=True)
class Bars(Tile):
    """Several numbers beside each other."""

    kind: ClassVar[str] = "bargauge"

    def options(self, columns: int) -> Json:
        return {
            "reduceOptions": ONE_ANSWER,
            "orientation": "horizontal",
            # Filled with the colour of its figure; a gradient passes through all colours up to it.
            "displayMode": "basic",
            "valueMode": "color",
            "namePlacement": "left",
            "showUnfilled": True,
            "sizing": "auto",
            "minVizWidth": 8,
            "minVizHeight": 16,
            "maxVizHeight": 32,
            "legend": {"showLegend": False, "displayMode": "list", "placement": "bottom", "calcs": []},
        }

    def defaults(self) -> Json:
        return super().defaults() | {"min": 0}
