"""A picture of how times grow with the tables: a line for each thing, with the limits drawn in."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from bench import pictures
from bench.growth.outcome import Times, Took, grown, is_late, of_a_question

LIMITS = {150: "limit of pages, 150 ms", 100: "limit of tasks, 100 ms"}
QUIET, LOUD = "#9ca3af", "#b91c1c"
NAMED = 12
"""so many lines bear their names: those that are late or grew first, then the slowest"""


def draw(times: Times, told: Mapping[str, Any], file: Path) -> None:
    """Write the picture; told: machine, commit and date of the measurement."""
    pictures.style(8)
    figure, axes = plt.subplots(1, len(times), figsize=(6.5 * len(times), 6), squeeze=False, sharey=True)
    for each, (database, found) in zip(axes.flat, times.items(), strict=True):
        _draw_database(each, database, found)
    title = "How long each thing takes with the rows there are; red: late, or a third more than at the size before"
    pictures.save(figure, title, told, file)


def _draw_database(axes: Axes, database: str, times: Mapping[int, Sequence[Took]]) -> None:
    by_name = of_a_question(times)
    sizes = sorted(times)
    loud = {name for name, by_rows in by_name.items() if grown(by_rows) or is_late(by_rows[max(by_rows)])}
    for name, by_rows in by_name.items():
        rows = sorted(by_rows)
        values = [max(by_rows[each].ms, 0.1) for each in rows]
        axes.plot(rows, values, color=LOUD if name in loud else QUIET, linewidth=0.9, marker=".", label=name)
    _name(axes, by_name, loud, sizes[-1])
    for limit, title in LIMITS.items():
        axes.axhline(limit, color="black", linewidth=0.8, linestyle=":")
        axes.text(sizes[0] / 1.35, limit, title, fontsize=7, va="center", bbox={"color": "white", "pad": 0.5}, zorder=5)
    axes.set(xscale="log", yscale="log", xlabel="rows", ylabel="ms, median", title=database)
    axes.set_xlim(sizes[0] / 1.5, sizes[-1] * 40)
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.minorticks_off()


def _name(axes: Axes, by_name: Mapping[str, Mapping[int, Took]], loud: set[str], last: int) -> None:
    """Names beside the ends of lines, moved apart where they would lie on each other."""
    ends = {name: max(by_rows[last].ms, 0.1) for name, by_rows in by_name.items() if last in by_rows}
    chosen = sorted(ends, key=lambda name: (name not in loud, -ends[name]))[:NAMED]
    above = float("inf")
    for name in sorted(chosen, key=lambda each: -ends[each]):
        above = min(ends[name], above / 1.25)
        axes.text(last * 1.1, above, name, color=LOUD if name in loud else "black", fontsize=7, va="center")
