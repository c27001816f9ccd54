"""Figures over time: lines or stacks, their axes, and a legend that fits."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from math import isnan, nan

from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.ticker import MaxNLocator

from grafana.drawing.answers import Asked, Named, color_of, moment, or_zero, overridden, with_gaps
from grafana.drawing.sheet import EDGE, FAINT, LINE, SIZE, Box, Sheet, say_nothing, shortened, width_of
from grafana.panels.colors import PALETTE
from grafana.prometheus_api import Json
from grafana.units import scale, worded


def lines(sheet: Sheet, box: Box, panel: Json, asked: Asked) -> None:
    legend = panel["options"]["legend"]
    extreme = max if legend["sortDesc"] else min
    found = sorted(
        asked.answers(panel),
        key=lambda each: extreme(or_zero(value) for _, value in each.series.points),
        reverse=legend["sortDesc"],
    )
    if not found:
        return say_nothing(sheet, box)
    config = panel["fieldConfig"]["defaults"]
    colors = [_color(each.name, panel, free) for each, free in zip(found, cycle(PALETTE), strict=False)]
    entries = [_entry(each, color, config, asked) for each, color in zip(found, colors, strict=True)]
    axes = sheet.figure.add_axes((0, 0, 1, 1))
    if config["custom"]["stacking"]["mode"] == "normal":
        _stack(axes, found, colors, asked)
    else:
        for each, color in zip(found, colors, strict=True):
            style = "--" if _is_dashed(each, panel) else "-"
            axes.plot(*with_gaps(each.series, asked.step), color=color, linewidth=1.1, linestyle=style)
    _bounds(axes, config)
    _thresholds(axes, config)
    time_axis(axes, sheet)
    marks = _value_axis(axes, config)
    left = max(width_of(mark, SIZE) for mark in marks) + 0.08
    sheet.place(axes, box.inset(left, _shape(entries, box)[0] * LINE + 0.28, 0.05, 0.04))
    _legend(sheet, box, entries)
    return None


def _color(name: str, panel: Json, free: str) -> str:
    fixed: Json = overridden(panel).get(("byName", name), {}).get("color", {})
    return str(fixed.get("fixedColor", free))


def _is_dashed(each: Named, panel: Json) -> bool:
    of_panel = overridden(panel)
    by = of_panel.get(("byName", each.name), {}), of_panel.get(("byFrameRefID", each.letter), {})
    return any("custom.lineStyle" in properties for properties in by)


def _stack(axes: Axes, found: Sequence[Named], colors: Sequence[str], asked: Asked) -> None:
    moments = sorted({at for each in found for at, _ in each.series.points})
    heights = [[dict(each.series.points).get(at, 0.0) for at in moments] for each in found]
    times = [moment(at) for at in moments]
    axes.stackplot(times, heights, colors=list(colors), alpha=0.75, linewidth=0)


@dataclass(frozen=True)
class Entry:
    """A line of a legend."""

    name: str
    figures: str
    color: str

    @property
    def width(self) -> float:
        return 0.5 + width_of(self.name, SIZE) + width_of(self.figures, SIZE)


def _entry(each: Named, color: str, config: Json, asked: Asked) -> Entry:
    values = [value for _, value in each.series.points if not isnan(value)] or [nan]
    now = each.series.last if each.series.points[-1][0] > asked.end - 1.5 * asked.step else nan
    # The axis says what is counted, so the word need not stand here again.
    unit = "short" if config["unit"].startswith("suffix:") else config["unit"]
    last, most = (worded(value, unit, config.get("decimals")) for value in (now, max(values)))
    return Entry(each.name, f"{last} · max {most}", color)


def _shape(entries: Sequence[Entry], box: Box) -> tuple[int, int]:
    """Lines and columns of a legend: as few lines as hold it, and no more than leave the plot most of the room."""
    widest = max(each.width for each in entries)
    columns = next((number for number in (3, 2) if len(entries) >= number and widest < box.width / number), 1)
    most = max(1, int((box.height * 0.42) / LINE))
    return min(most, -(-len(entries) // columns)), columns


def _legend(sheet: Sheet, box: Box, entries: Sequence[Entry]) -> None:
    lines, columns = _shape(entries, box)
    room, width = lines * columns, box.width / columns
    kept = entries if len(entries) <= room else entries[: room - 1]
    for number, each in enumerate(kept):
        left, top = box.left + (number // lines) * width, box.bottom + (lines - number % lines) * LINE
        figures = width_of(each.figures, SIZE)
        sheet.frame(Box(left, top - 0.085, 0.13, 0.035), face=each.color)
        sheet.text(left + 0.18, top, shortened(each.name, width - figures - 0.4))
        sheet.text(left + width - 0.12, top, each.figures, ha="right", color=FAINT)
    if len(kept) < len(entries):
        left, top = box.left + (len(kept) // lines) * width, box.bottom + (lines - len(kept) % lines) * LINE
        sheet.text(left + 0.18, top, f"… and {len(entries) - len(kept)} more", color=FAINT, style="italic")


def time_axis(axes: Axes, sheet: Sheet) -> None:
    axes.set_xlim(moment(sheet.begin), moment(sheet.end))
    locator = AutoDateLocator(minticks=3, maxticks=8)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))
    axes.tick_params(labelsize=SIZE - 0.5, colors=FAINT, length=2, width=0.5, pad=2)
    axes.grid(visible=True, color="#e6e9ed", linewidth=0.5)
    axes.set_axisbelow(True)
    for side in axes.spines.values():
        side.set_color(EDGE)
        side.set_linewidth(0.5)


def _bounds(axes: Axes, config: Json) -> None:
    custom = config["custom"]
    bottom, top = axes.get_ylim()
    axes.set_ylim(min(bottom, custom.get("axisSoftMin", bottom)), max(top, custom["axisSoftMax"]))
    if config.get("min") is not None:
        axes.set_ylim(bottom=config["min"])
    if config.get("max") is not None:
        axes.set_ylim(top=config["max"])


def _thresholds(axes: Axes, config: Json) -> None:
    """As Grafana draws them: a line in the colour of what is above it, or an area up to the next one."""
    mode = config["custom"]["thresholdsStyle"]["mode"]
    low, high = axes.get_ylim()
    steps = config["thresholds"]["steps"]
    for step, above in zip(steps, [*steps[1:], {"value": high}], strict=True):
        begin = low if step["value"] is None else step["value"]
        if mode == "dashed" and low < begin < high:
            axes.axhline(begin, color=color_of(step["color"]), linewidth=0.8, linestyle=(0, (4, 3)))
        if mode == "area" and step["color"] != "transparent":
            axes.axhspan(begin, min(above["value"], high), color=color_of(step["color"]), alpha=0.12, linewidth=0)


def _value_axis(axes: Axes, config: Json) -> list[str]:
    """Mark round figures of the unit (10 min, not 16.7; 4 GiB, not 3.73), and give what is written at them."""
    low, high = axes.get_ylim()
    size = scale(high, config["unit"])
    marks = MaxNLocator(4, integer=config["unit"] in {"none", "short"}).tick_values(low / size, high / size)
    values = [mark * size for mark in marks if low <= mark * size <= high * 1.001]
    texts = [worded(value, config["unit"]).replace("records/s", "rec/s") for value in values]
    axes.set_yticks(values, texts)
    return texts
