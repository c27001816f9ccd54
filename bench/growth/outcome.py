"""What the times at several sizes say: what grows, what takes too long, and the table of all. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.figures import written
from bench.marked import paragraph, table

GROWS = 4 / 3
"""so many times as long at the largest size as at the one before"""
NOISE_MS = 5
"""What grows by less is not told from chance."""


@dataclass(frozen=True, slots=True)
class Took:
    """How long a question took: the median, and the first time. slow: its slowest queries."""

    name: str
    limit_ms: float
    ms: float
    first_ms: float = 0
    queries: int = 0
    slow: list[dict[str, Any]] = field(default_factory=list)
    error: str = ""


Times = Mapping[str, Mapping[int, Sequence[Took]]]
"""by database, by rows"""


def of_a_question(times: Mapping[int, Sequence[Took]]) -> dict[str, dict[int, Took]]:
    """By question: what it took at each size."""
    found: dict[str, dict[int, Took]] = {}
    for rows in sorted(times):
        for took in times[rows]:
            found.setdefault(took.name, {})[rows] = took
    return found


def grown(by_rows: Mapping[int, Took]) -> float | None:
    """How many times as long it takes at the largest size as at the one before; None: no more than before."""
    if len(by_rows) < 2:
        return None
    before, last = (by_rows[rows].ms for rows in sorted(by_rows)[-2:])
    return last / before if last > before * GROWS and last - before > NOISE_MS else None


def is_late(took: Took) -> bool:
    return bool(took.error) or took.ms > took.limit_ms


def rendered(times: Times) -> str:
    """For each database a table of every question, and in words what grew and what is late."""
    return "\n\n".join(f"**{database}**\n\n{_table(found)}\n\n{findings(found)}" for database, found in times.items())


def _table(times: Mapping[int, Sequence[Took]]) -> str:
    sizes = sorted(times)
    head = ["ms, median", *(f"{rows:,}" for rows in sizes), "limit"]
    rows = [
        [name, *(_cell(by_rows.get(size)) for size in sizes), written(max(by_rows.values(), key=_limit).limit_ms)]
        for name, by_rows in of_a_question(times).items()
    ]
    return table(head, rows)


def _limit(took: Took) -> float:
    return took.limit_ms


def _cell(took: Took | None) -> str:
    if took is None:
        return "–"
    text = "error" if took.error else written(took.ms)
    return f"**{text}**" if is_late(took) else text


def findings(times: Mapping[int, Sequence[Took]]) -> str:
    """What grew by more than a third from the last size but one to the largest, and what is late at the largest."""
    by_name = of_a_question(times)
    growing = [f"{name} ({factor:.1f} ×)" for name, by_rows in by_name.items() if (factor := grown(by_rows))]
    late = [f"{name} ({_why(last)})" for name, by_rows in by_name.items() if is_late(last := by_rows[max(by_rows)])]
    told = f"Grew by more than a third: {', '.join(growing) or 'nothing'}.", f"Late: {', '.join(late) or 'nothing'}."
    return "\n\n".join(map(paragraph, told))


def _why(took: Took) -> str:
    return took.error or f"{written(took.ms)} ms"
