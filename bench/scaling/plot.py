"""A picture of how long orders take to be seen, what one costs, and what more processes bring."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter, StrMethodFormatter

from bench import pictures
from bench.figures import Spread, written
from bench.scaling import outcome
from bench.scaling.measured import Stretch
from bench.scaling.outcome import Found, spread
from bench.scaling.plan import BY_NAME, MEMORY_MB, TIMES, title_of
from bench.workers.tasks import MYSQL, Engine

PEER, OURS, OURS_ON_MYSQL, LATE = "#6b7280", "#60a5fa", "#1d4ed8", "#b91c1c"
WHOLE = StrMethodFormatter("{x:,.0f}")
DASHES = ("-", "--", ":", "-.")
"""by how many users there are"""


def draw(found: Found, told: Mapping[str, Any], file: Path) -> None:
    """Write the picture; told: machine, commit and date of the measurement."""
    pictures.style(8)
    figure, grid = plt.subplots(2, 2, figsize=(12, 8))
    _latencies(grid[0, 0], found)
    _stretches(grid[0, 1], found, "µs of processor an order", lambda each: each.cpu_us)
    grid[1, 0].axhline(MEMORY_MB, color="black", linewidth=0.8, linestyle=":")
    _stretches(grid[1, 0], found, f"MB of the aggregator, {MEMORY_MB} at most are wanted", lambda each: each.memory_mb)
    _processes(grid[1, 1], found)
    for axes in grid.flat:
        axes.spines[["top", "right"]].set_visible(False)
    pictures.save(figure, "Latency, cost, memory and scaling of the workers", told, file)


def _latencies(axes: Axes, found: Found) -> None:
    rows = list(outcome.timed(found).items())
    for place, ((engine, _), turns) in enumerate(rows):
        p50, p99 = (spread(turns, name).median for name in ("p50_ms", "p99_ms"))
        colour = LATE if outcome.is_late(engine, turns) else _colour(BY_NAME[engine])
        axes.barh(place, p99, color=colour, alpha=0.45)
        axes.barh(place, p50, color=colour)
        axes.text(p99 * 1.05, place, f"{written(p50)} / {written(p99)}", va="center")
    axes.set_yticks(range(len(rows)), [f"{title_of(BY_NAME[engine])}, {rate:,}/s" for (engine, rate), _ in rows])
    axes.invert_yaxis()
    axes.set(xscale="log", xlabel="ms, logarithmic", title="from event to visible: p50 (dark) and p99")
    axes.set_xlim(left=1)
    axes.xaxis.set_major_formatter(WHOLE)
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.margins(x=0.25)


def _stretches(axes: Axes, found: Found, title: str, value: Callable[[Stretch], float]) -> None:
    users = sorted({cost.users for cost in found.costs})
    for (engine, number), turns in outcome.charged(found).items():
        marks = outcome.by((each for turn in turns for each in turn.stretches), lambda each: each.mark)
        medians = {mark: Spread.of(map(value, some)).median for mark, some in sorted(marks.items())}
        axes.plot(
            list(medians),
            list(medians.values()),
            color=_colour(BY_NAME[engine]),
            linestyle=DASHES[users.index(number) % len(DASHES)],
            marker=".",
            label=f"{BY_NAME[engine].title}, {number:,} users",
        )
    reached = sorted({each.mark for turn in found.costs for each in turn.stretches})
    axes.set(xscale="log", xlabel="orders counted", title=title)
    axes.set_xticks(reached, [f"{mark:,}" for mark in reached], rotation=20)
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.margins(y=0.1)
    axes.set_ylim(bottom=0)
    axes.legend()


def _processes(axes: Axes, found: Found) -> None:
    rows = list(outcome.doubled(found).items())
    for place, (engine, (one, two)) in enumerate(rows):
        for beside, turns in enumerate((one, two)):
            speed = spread(turns, "per_second").median
            axes.barh(place + 0.4 * beside, speed, 0.38, color=_colour(BY_NAME[engine]), alpha=1 if beside else 0.5)
        times, most = outcome.times(one, two), outcome.allowed(one)
        text = f"  {times:.2f} ×; the cores allow {most:.2f} ×"
        axes.text(spread(two, "per_second").median, place + 0.4, text, va="center")
    axes.set_yticks(range(len(rows)), [f"{BY_NAME[engine].worker}, {BY_NAME[engine].title}" for engine, _ in rows])
    axes.invert_yaxis()
    axes.xaxis.set_major_formatter(WHOLE)
    axes.set(title=f"orders a second: one process, and two ({TIMES} × is wanted)")
    axes.margins(x=0.9)


def _colour(engine: Engine) -> str:
    if not engine.is_ours:
        return PEER
    return OURS_ON_MYSQL if engine.database == MYSQL else OURS
