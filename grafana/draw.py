"""Draws a dashboard's panels from Prometheus' own data, where there is no Grafana to take a picture of.

python -m grafana.draw --prometheus http://127.0.0.1:19090 --into report/evidence/dashboards [platform-lag …]
"""

import argparse
import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from grafana.drawing.answers import Asked
from grafana.drawing.kinds import PAINTERS
from grafana.drawing.sheet import FAINT, Box, Sheet
from grafana.generate import FOLDER
from grafana.grid import COLUMNS, letters
from grafana.prometheus_api import Json, Prometheus, values_of_variables

SAID = "drawn from Prometheus' data by this project, not by Grafana"
WIDTH, UNIT, GAP, HEAD, FOOT = 15.0, 0.33, 0.07, 0.62, 0.3
"""Inches: of the whole, if nothing else is wanted; of a row of the grid; between panels; above and below them."""
TITLE_SIZE = 8.5


def draw(
    dashboard: Json,
    prometheus: Prometheus,
    *,
    begin: float,
    end: float,
    lines: Sequence[str] = (),
    width: float = WIDTH,
) -> Figure:
    """A picture of a dashboard from one moment to another, in the layout that Grafana would give it.

    width: inches; letters are as large in a narrow one.
    """
    rows = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in dashboard["panels"])
    height = HEAD + rows * UNIT + FOOT
    figure = Figure(figsize=(width, height), facecolor="#f6f8fa")
    FigureCanvasAgg(figure)
    sheet = Sheet(figure, width, height, begin, end)
    asked = Asked(prometheus, values_of_variables(dashboard, prometheus), begin, end, lines)
    _head_and_foot(sheet, dashboard)
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        column = (width - 2 * GAP) / COLUMNS
        box = Box(
            GAP + place["x"] * column,
            height - HEAD - (place["y"] + place["h"]) * UNIT,
            place["w"] * column,
            place["h"] * UNIT,
        ).inset(GAP / 2, GAP / 2, GAP / 2, GAP / 2)
        if panel["type"] == "row":
            sheet.text(box.left, box.bottom + box.height / 2, panel["title"], fontsize=9.5, weight="bold", va="center")
        else:
            sheet.frame(box)
            PAINTERS[panel["type"]](sheet, _titled(sheet, box, panel), panel, asked)
    return figure


def _head_and_foot(sheet: Sheet, dashboard: Json) -> None:
    day, first, last = (f"{datetime.fromtimestamp(at, UTC):{form}}" for at, form in (
        (sheet.begin, "%Y-%m-%d"), (sheet.begin, "%H:%M"), (sheet.end, "%H:%M")))  # fmt: skip
    left, right, top = 2 * GAP, sheet.width - 2 * GAP, sheet.height - 0.12
    sheet.text(left, top, dashboard["title"], fontsize=14, weight="bold")
    sheet.text(left, top - 0.26, dashboard["description"], fontsize=9, color=FAINT)
    sheet.text(right, top, f"{day}, {first} to {last} UTC", fontsize=9, color=FAINT, ha="right")
    sheet.text(left, 0.2, SAID, fontsize=8, color=FAINT, style="italic")
    sheet.text(right, 0.2, f"{dashboard['uid']}.json", fontsize=8, color=FAINT, ha="right")


def _titled(sheet: Sheet, box: Box, panel: Json) -> Box:
    """Write a panel's title, as much of it as Grafana would show, and give what is left of its box."""
    title, room = panel["title"], letters(panel["gridPos"]["w"], linked="links" in panel)
    shown = title if len(title) <= room else f"{title[: room - 1]}…"
    sheet.text(box.left + 0.1, box.top - 0.08, shown, fontsize=TITLE_SIZE, weight="bold")
    return box.inset(0.1, 0.06, 0.1, 0.25)


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw dashboards from Prometheus' data.")
    parser.add_argument("--prometheus", required=True, help="its address")
    parser.add_argument("--into", type=Path, required=True, help="the folder for the pictures")
    parser.add_argument("--minutes", type=float, default=30, help="how far back (30)")
    parser.add_argument("--end", type=float, default=None, help="until when, in seconds since 1970 (now)")
    parser.add_argument("--format", default="png", choices=["png", "svg", "pdf"])
    parser.add_argument("dashboards", nargs="*", help="their uids (all)")
    options = parser.parse_args()
    end = options.end or time.time()
    options.into.mkdir(parents=True, exist_ok=True)
    for file in sorted(FOLDER.glob("*.json")):
        if not options.dashboards or file.stem in options.dashboards:
            dashboard = json.loads(file.read_text())
            prometheus = Prometheus(options.prometheus)
            picture = draw(dashboard, prometheus, begin=end - 60 * options.minutes, end=end)
            picture.savefig(options.into / f"{file.stem}.{options.format}", dpi=110)


if __name__ == "__main__":
    main()
