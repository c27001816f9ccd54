"""A picture of what the measurement of the API came to: bars by kind of request, ratios to the peer printed on them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import StrMethodFormatter

from bench.api.kinds import Kind
from bench.api.outcome import TITLES, ratios

COLOURS = {"spring": "#6b7280", "ours-mysql": "#1d4ed8", "ours-sqlite": "#60a5fa"}
COLUMNS = 3


def draw(figures: Mapping[str, Any], kinds: Sequence[Kind], file: Path) -> None:
    """Write the picture of all figures of a measurement."""
    summed, machine = figures["medians"], figures["machine"]
    # Text stays text, and the same figures give the same file.
    mpl.rcParams |= {"svg.fonttype": "none", "svg.hashsalt": "bench", "font.size": 9}
    rows = -(-len(kinds) // COLUMNS)
    figure, grid = plt.subplots(rows, COLUMNS, figsize=(11, 2.6 * rows + 0.8), squeeze=False)
    times = ratios(summed, kinds)
    for axes, kind in zip(grid.flat, kinds, strict=False):
        _draw_kind(axes, summed, kind, {server: each[kind.name] for server, each in times.items()})
    for axes in list(grid.flat)[len(kinds) :]:
        axes.set_visible(False)
    figure.suptitle(
        f"API: a second, median of {figures['rounds']} interleaved rounds, lines from the least to the greatest\n"
        f"{machine['cores']} cores of {machine['processor']}, {figures['date'][:10]}, commit {figures['commit']}"
    )
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None})
    plt.close(figure)


def _draw_kind(axes: Axes, summed: Mapping[str, Any], kind: Kind, times: Mapping[str, float | None]) -> None:
    names = list(summed)
    found = [summed[name]["kinds"][kind.name]["per_second"] for name in names]
    medians = [each["median"] for each in found]
    below = [each["median"] - each["least"] for each in found]
    above = [each["greatest"] - each["median"] for each in found]
    places = range(len(names))
    axes.barh(places, medians, xerr=(below, above), color=[COLOURS[name] for name in names], ecolor="black")
    axes.set_yticks(list(places), [TITLES[name] for name in names])
    axes.invert_yaxis()
    axes.set_xlim(0, max(each["greatest"] for each in found) * 1.7)
    axes.locator_params(axis="x", nbins=4)
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    for place, name, each in zip(places, names, found, strict=True):
        value = times.get(name)
        text = f"{each['median']:,.0f}" if value is None else f"{each['median']:,.0f} = {value:.2f} ×"
        axes.text(each["greatest"] * 1.03, place, text, va="center")
    axes.set_title(f"{kind.title}, {kind.unit}")
    axes.spines[["top", "right"]].set_visible(False)
