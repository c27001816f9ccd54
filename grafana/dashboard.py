"""A dashboard: sections of lines of panels, laid out on Grafana's grid, and the JSON that Grafana reads."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from grafana.grid import COLUMNS
from grafana.panels import PROMETHEUS, Json, Panel

TAG = "platform"
"""Every dashboard bears it; the menu of links lists whatever does."""
SCHEMA_VERSION = 42
"""Of Grafana 12.3: newer ones bring it up to date when they load it."""

CHOSEN: Json = {
    "multi": True,
    "includeAll": True,
    "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
}
HIDDEN: Json = {"multi": False, "includeAll": False, "current": {"text": "", "value": ""}, "hide": 2}


@dataclass(frozen=True)
class Variable:
    """What one chooses above the panels: some of a label's values, at first all of them.

    hidden: nobody chooses; its one value is for links.
    """

    name: str
    label: str
    values: str
    """label_values(metric, label)"""
    hidden: bool = False

    def json(self) -> Json:
        return {
            "type": "query",
            "name": self.name,
            "label": self.label,
            "datasource": PROMETHEUS,
            "query": {"query": self.values, "refId": "PrometheusVariableQueryEditor-VariableQuery", "qryType": 1},
            "refresh": 2,
            "sort": 7,
            "options": [],
        } | (HIDDEN if self.hidden else CHOSEN)


@dataclass(frozen=True)
class Section:
    """Lines of panels under a heading."""

    title: str
    lines: Sequence[Sequence[Panel]]


@dataclass(frozen=True)
class Dashboard:
    uid: str
    title: str
    description: str
    sections: Sequence[Section]
    variables: Sequence[Variable] = ()

    @property
    def panels(self) -> list[Panel]:
        return [panel for section in self.sections for line in section.lines for panel in line]

    def json(self) -> Json:
        return {
            "uid": self.uid,
            "title": self.title,
            "description": self.description,
            "tags": [TAG],
            "schemaVersion": SCHEMA_VERSION,
            "editable": False,
            "graphTooltip": 1,
            "refresh": "10s",
            "time": {"from": "now-30m", "to": "now"},
            "timezone": "browser",
            "links": [OTHER_DASHBOARDS],
            "annotations": {"list": [FIRING_ALERTS]},
            "templating": {"list": [variable.json() for variable in self.variables]},
            "panels": list(self._placed()),
        }

    def _placed(self) -> Iterator[Json]:
        number, top = 1, 0
        for section in self.sections:
            yield _heading(section.title, number, top)
            number, top = number + 1, top + 1
            for line in section.lines:
                height = max(panel.height for panel in line)
                left = 0
                for panel, width in zip(line, widths(line), strict=True):
                    yield panel.json(number, {"x": left, "y": top, "w": width, "h": height})
                    number, left = number + 1, left + width
                top += height


def widths(line: Sequence[Panel]) -> list[int]:
    """The columns of each panel of a line: what it asks for, the rest shared equally. Raises ValueError."""
    free = COLUMNS - sum(panel.width or 0 for panel in line)
    sharing = sum(panel.width is None for panel in line)
    if free < sharing or (free and not sharing):
        raise ValueError(f"The panels of the line that begins with {line[0].title!r} do not fill {COLUMNS} columns.")
    share, rest = divmod(free, sharing) if sharing else (0, 0)
    shares = iter([share + 1] * rest + [share] * (sharing - rest))
    return [panel.width or next(shares) for panel in line]


def _heading(title: str, number: int, top: int) -> Json:
    place = {"x": 0, "y": top, "w": COLUMNS, "h": 1}
    return {"id": number, "type": "row", "title": title, "collapsed": False, "panels": [], "gridPos": place}


OTHER_DASHBOARDS: Json = {
    "type": "dashboards", "title": "Other dashboards", "tags": [TAG], "icon": "external link", "tooltip": "",
    "asDropdown": True, "targetBlank": False, "includeVars": False, "keepTime": True,
}  # fmt: skip

FIRING_ALERTS: Json = {
    "name": "Firing alerts",
    "datasource": PROMETHEUS,
    "enable": True,
    "hide": False,
    "iconColor": "red",
    "titleFormat": "{{alertname}}",
    "textFormat": "{{severity}} {{instance}} {{consumergroup}} {{connector}}",
    "target": {
        "refId": "Anno",
        "datasource": PROMETHEUS,
        # The dead-man switch fires always.
        "expr": 'ALERTS{alertstate="firing", severity!="none"}',
        "format": "time_series",
        "instant": False,
        "range": True,
    },
}
