"""What many turns come to: medians and spreads, ratios to the best peer, and the table of them. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bench.figures import Spread, ratio, written
from bench.marked import table
from bench.workers.measured import Turn
from bench.workers.tasks import BY_NAME, TASKS, Engine, Task

FIGURES = ("per_second", "first_seconds", "cpu_us", "memory_mb")
Medians = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""by task, by engine, by figure: median, least and greatest, or None where it was not measured"""


def figures(turns: Sequence[Turn]) -> dict[str, Any]:
    """All that is written down of them."""
    medians = summary(turns)
    return {"medians": medians, "ratios": ratios(medians), "missed": missed(medians)} | {
        "turns": [turn.as_json() for turn in turns]
    }


def summary(turns: Sequence[Turn]) -> dict[str, dict[str, dict[str, Any]]]:
    """Of the tasks and engines that had a turn, in the order of TASKS."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for task in TASKS:
        for engine in task.engines:
            if had := [turn for turn in turns if (turn.task, turn.engine) == (task.name, engine.name)]:
                found.setdefault(task.name, {})[engine.name] = {name: _spread(had, name) for name in FIGURES}
    return found


def _spread(turns: Sequence[Turn], figure: str) -> dict[str, float] | None:
    values = [value for turn in turns if (value := getattr(turn, figure)) is not None]
    return Spread.of(values).as_json() if values else None


def ratios(medians: Medians) -> dict[str, dict[str, float | None]]:
    """By task, by engine of ours: how many times the median of the task's best peer its own is; None without a peer."""
    return {name: dict(_ratios(BY_NAME[name], found)) for name, found in medians.items()}


def _ratios(task: Task, found: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, float | None]]:
    """A peer that is of one database is none to ours on another."""
    speeds = {task.by_name[name]: Spread(**each["per_second"]) for name, each in found.items()}
    for engine, speed in speeds.items():
        if engine.is_ours:
            peers = [
                each for peer, each in speeds.items() if not peer.is_ours and peer.database in {"", engine.database}
            ]
            best = max(peers, key=lambda each: each.median, default=None)
            yield engine.name, ratio(speed, best) if best else None


def missed(medians: Medians) -> list[str]:
    """What is not as fast as was wanted, as task and engine."""
    times = ratios(medians)
    return [
        f"{task} {name}"
        for task, found in medians.items()
        for name, each in found.items()
        if (goal := BY_NAME[task].goals.get(name))
        and not goal.is_reached(each["per_second"]["median"], times[task].get(name))
    ]


def rendered(turns: Sequence[Turn]) -> str:
    """The table that stands in bench/README.md; what missed is set in bold."""
    medians = summary(turns)
    times, late = ratios(medians), set(missed(medians))
    head = [
        "orders a second, median (least–greatest)", "", "", "of the best peer", "wanted", "µs of processor an order",
        "MB", "s to the first",
    ]  # fmt: skip
    rows = [
        _row(BY_NAME[task], BY_NAME[task].by_name[name], each, times[task].get(name), f"{task} {name}" in late)
        for task, found in medians.items()
        for name, each in found.items()
    ]
    return table(head, rows)


def _row(task: Task, engine: Engine, found: Mapping[str, Any], times: float | None, is_late: bool) -> list[str]:
    speed = Spread(**found["per_second"])
    text = f"{written(speed.median)} ({written(speed.least)}–{written(speed.greatest)})"
    goal = task.goals.get(engine.name)
    costs = [median(found, name) for name in ("cpu_us", "memory_mb", "first_seconds")]
    words = "" if times is None else f"{times:.2f} ×"
    return [task.title, engine.title, _bold(text, is_late), _bold(words, is_late), str(goal) if goal else "", *costs]


def median(found: Mapping[str, Any], figure: str) -> str:
    return "–" if found[figure] is None else written(found[figure]["median"])


def _bold(text: str, is_bold: bool) -> str:
    return f"**{text}**" if is_bold and text else text
