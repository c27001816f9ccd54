"""What every kind of panel has in common, and the JSON in which Grafana keeps it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from grafana.panels import links
from grafana.panels.query import PROMETHEUS, Json, Query, lettered, range_target
from grafana.panels.thresholds import NO_STEPS, Steps, Texts, mapping


@dataclass(frozen=True, kw_only=True)
class Panel:
    """A question and what answers it.

    description: what it shows, and what to do when it looks bad. width: columns of 24; None: an equal share of its
    line. texts: what stands for a value, and its colour. more: the uid of the dashboard that shows more.
    """

    kind: ClassVar[str]
    height: ClassVar[int] = 8

    title: str
    description: str
    unit: str
    queries: Sequence[Query]
    steps: Steps | None = None
    texts: Texts = field(default_factory=dict)
    width: int | None = None
    decimals: int | None = None
    more: str | None = None

    def json(self, number: int, place: Json) -> Json:
        linked = {"links": self.links()} if self.links() else {}
        return {
            "id": number,
            "type": self.kind,
            "title": self.title,
            "description": self.description,
            "gridPos": place,
            "datasource": self.source(),
            "targets": self.targets(),
            "options": self.options(place["w"]),
            "fieldConfig": {"defaults": self.defaults(), "overrides": self.overrides()},
        } | linked

    def source(self) -> Json:
        return PROMETHEUS

    def targets(self) -> list[Json]:
        return [range_target(query, letter) for letter, query in lettered(self.queries)]

    def options(self, columns: int) -> Json:
        """Its own; columns: how wide it is."""
        raise NotImplementedError

    def links(self) -> list[Json]:
        """Beside its title."""
        return [_link("More of this", f"/d/{self.more}")] if self.more else []

    def custom(self) -> Json:
        return {}

    def color(self) -> Json:
        return {"mode": "thresholds"}

    def thresholds(self) -> Json:
        return self.steps.json() if self.steps else NO_STEPS

    def mappings(self) -> list[Json]:
        return [mapping(self.texts)] if self.texts else []

    def leads(self) -> list[Json]:
        """Where one gets from a series."""
        return links.of_series(self.queries)

    def overrides(self) -> list[Json]:
        return []

    def defaults(self) -> Json:
        defaults = {
            "unit": self.unit,
            "color": self.color(),
            "thresholds": self.thresholds(),
            "mappings": self.mappings(),
        }
        optional = {"custom": self.custom(), "decimals": self.decimals, "links": self.leads()}
        return defaults | {name: value for name, value in optional.items() if value not in (None, {}, [])}


def _link(title: str, url: str) -> Json:
    return {
        "type": "link", "title": title, "url": url, "icon": "external link", "tooltip": "", "tags": [],
        "asDropdown": False, "targetBlank": False, "includeVars": True, "keepTime": True,
    }  # fmt: skip
