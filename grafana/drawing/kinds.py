"""The other kinds of panels: single figures, bars, states, tables, lines of logs."""

from collections.abc import Callable, Sequence

from grafana.drawing.answers import (
    Asked,
    Cell,
    cell_of,
    color_of,
    moment,
    of_nothing,
    or_zero,
    spans,
    step_of,
    table_of,
)
from grafana.drawing.lines import lines, time_axis
from grafana.drawing.sheet import FAINT, LINE, SIZE, Box, Sheet, say_nothing, shortened, width_of
from grafana.prometheus_api import Json


def _figures(sheet: Sheet, box: Box, panel: Json, asked: Asked) -> None:
    config = panel["fieldConfig"]["defaults"]
    found = [(each.name, cell_of(each.series.last, config)) for each in asked.answers(panel)]
    found = found or [("", of_nothing(config))]
    colored = panel["options"]["colorMode"] == "background"
    width = box.width / len(found)
    for number, (name, (text, color)) in enumerate(found):
        part = Box(box.left + number * width, box.bottom, width, box.height).inset(0.02, 0, 0.02, 0.02)
        if colored:
            sheet.frame(part, face=color)
        many = len(found) > 1
        size = 18.0
        while size > 8 and width_of(text, size, bold=True) > part.width - 0.12:
            size -= 1
        middle = part.left + part.width / 2
        ink = "white" if colored else color
        sheet.text(
            middle, part.bottom + part.height * (0.42 if many else 0.55), text,
            fontsize=size, weight="bold", ha="center", va="center", color=ink,
        )  # fmt: skip
        if many:
            sheet.text(middle, part.top - 0.06, shortened(name, part.width - 0.1), ha="center", color=ink)


def _bars(sheet: Sheet, box: Box, panel: Json, asked: Asked) -> None:
    found = asked.answers(panel)
    if not found:
        return say_nothing(sheet, box)
    config = panel["fieldConfig"]["defaults"]
    rows = min(len(found), max(1, int(box.height / 0.155)))
    kept = found[: rows - 1] if rows < len(found) else found
    names = max(min(max(width_of(each.name, SIZE) for each in kept) + 0.1, box.width * 0.45), 0.3)
    most = max([or_zero(each.series.last) for each in kept] + [1e-9])
    room = (
        box.width - names - max(width_of(cell_of(each.series.last, config)[0], SIZE, bold=True) for each in kept) - 0.1
    )
    height = min(box.height / rows, 0.3)
    for number, each in enumerate(kept):
        top = box.top - number * height
        text, color = cell_of(each.series.last, config)
        sheet.text(box.left, top - height / 2, shortened(each.name, names - 0.06), va="center")
        sheet.frame(Box(box.left + names, top - height * 0.82, room, height * 0.64), face="#eef1f4")
        length = max(0.0, min(1.0, or_zero(each.series.last) / most)) * room
        sheet.frame(Box(box.left + names, top - height * 0.82, max(length, 0.01), height * 0.64), face=color)
        sheet.text(box.left + names + room + 0.06, top - height / 2, text, va="center", weight="bold")
    if len(kept) < len(found):
        hidden = f"… and {len(found) - len(kept)} more"
        sheet.text(box.left, box.top - (rows - 0.5) * height, hidden, va="center", color=FAINT, style="italic")
    return None


def _states(sheet: Sheet, box: Box, panel: Json, asked: Asked) -> None:
    found = sorted(asked.answers(panel), key=lambda each: each.name)
    if not found:
        return say_nothing(sheet, box)
    config = panel["fieldConfig"]["defaults"]
    # As Grafana does: by thresholds first, and then nothing stands for the band that is left of a value.
    banded = config["color"]["mode"] == "thresholds"
    seen: dict[str, str] = {}
    names = max(width_of(each.name, SIZE) for each in found) + 0.12
    axes = sheet.axes(box.inset(names, 0.42, 0.05, 0.04))
    for row, each in enumerate(found):
        for value, begin, end in spans(each.series, asked.step):
            text, color = ("", color_of(step_of(value, config))) if banded else cell_of(value, config)
            seen |= {text: color} if text else {}
            stretch = (moment(begin), moment(end) - moment(begin))
            axes.broken_barh([stretch], (row - 0.42, 0.84), color=color)
    axes.set_ylim(len(found) - 0.5, -0.5)
    axes.set_yticks(range(len(found)), [each.name for each in found])
    time_axis(axes, sheet)
    axes.grid(visible=False)
    left = box.left
    # Those that were, as in Grafana: a legend in green beside a bar that is grey throughout says too much.
    for text, color in seen.items():
        sheet.frame(Box(left, box.bottom + 0.03, 0.13, 0.07), face=color)
        sheet.text(left + 0.18, box.bottom + 0.13, text)
        left += 0.36 + width_of(text, SIZE)
    return None


def _table(sheet: Sheet, box: Box, panel: Json, asked: Asked) -> None:
    header, rows = table_of(panel, asked)
    if not rows:
        return say_nothing(sheet, box, panel["fieldConfig"]["defaults"]["noValue"])
    room = max(1, int(box.height / LINE) - 1)
    kept = rows if len(rows) <= room else rows[: room - 1]
    widths = [max(width_of(cell, SIZE) for cell in column) + 0.15 for column in zip(header, *_texts(kept), strict=True)]
    scale = min(1.0, box.width / sum(widths))
    for number, row in enumerate([[(cell, FAINT) for cell in header], *kept]):
        left = box.left
        for (text, color), width in zip(row, widths, strict=True):
            fitting = shortened(text, width * scale - 0.06)
            sheet.text(left, box.top - number * LINE, fitting, color=color, weight="normal" if number else "bold")
            left += width / sum(widths) * box.width
    if len(kept) < len(rows):
        more = f"… and {len(rows) - len(kept)} more"
        sheet.text(box.left, box.top - (len(kept) + 1) * LINE, more, color=FAINT, style="italic")
    return None


def _texts(rows: Sequence[Sequence[Cell]]) -> list[list[str]]:
    return [[text for text, _ in row] for row in rows]


def _logs(sheet: Sheet, box: Box, panel: Json, asked: Asked) -> None:
    if not asked.lines:
        return say_nothing(sheet, box, "these lines stand in Elasticsearch, which was not asked for this picture")
    for number, line in enumerate(asked.lines[: int(box.height / LINE)]):
        sheet.text(box.left, box.top - number * LINE, shortened(line, box.width), fontsize=SIZE - 0.5)
    return None


Painter = Callable[[Sheet, Box, Json, Asked], None]
PAINTERS: dict[str, Painter] = {
    "timeseries": lines,
    "stat": _figures,
    "bargauge": _bars,
    "state-timeline": _states,
    "table": _table,
    "logs": _logs,
}
