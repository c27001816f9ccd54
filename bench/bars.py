"""Bars of figures beside each other, with their spread and what they are of a peer printed on them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import StrMethodFormatter

from bench import pictures

COLUMNS = 3


@dataclass(frozen=True, slots=True)
class Bar:
    """found: median, least and greatest. times: how many times a peer's, or None."""

    title: str
    colour: str
    found: Mapping[str, float]
    times: float | None


def draw(groups: Mapping[str, Sequence[Bar]], title: str, told: Mapping[str, Any], file: Path) -> None:
    """Write a picture of bars in groups, by their titles. told: with rounds, machine, date and commit."""
    pictures.style(9)
    rows = -(-len(groups) // COLUMNS)
    figure, grid = plt.subplots(rows, COLUMNS, figsize=(11, 2.6 * rows + 0.8), squeeze=False)
    for axes, (name, bars) in zip(grid.flat, groups.items(), strict=False):
        _draw_group(axes, name, bars)
    for axes in list(grid.flat)[len(groups) :]:
        axes.set_visible(False)
    words = f"{title}, median of {told['rounds']} interleaved rounds, lines from the least to the greatest"
    pictures.save(figure, words, told, file)


def _draw_group(axes: Axes, title: str, bars: Sequence[Bar]) -> None:
    medians = [bar.found["median"] for bar in bars]
    below = [bar.found["median"] - bar.found["least"] for bar in bars]
    above = [bar.found["greatest"] - bar.found["median"] for bar in bars]
    places = range(len(bars))
    axes.barh(places, medians, xerr=(below, above), color=[bar.colour for bar in bars], ecolor="black")
    axes.set_yticks(list(places), [bar.title for bar in bars])
    axes.invert_yaxis()
    axes.set_xlim(0, max(bar.found["greatest"] for bar in bars) * 1.7)
    axes.locator_params(axis="x", nbins=4)
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    for place, bar in zip(places, bars, strict=True):
        text = f"{bar.found['median']:,.0f}" + ("" if bar.times is None else f" = {bar.times:.2f} ×")
        axes.text(bar.found["greatest"] * 1.03, place, text, va="center")
    axes.set_title(title)
    axes.spines[["top", "right"]].set_visible(False)
