"""A picture of what the measurement of the workers came to: bars by task, ratios to the best peer printed on them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench import bars
from bench.bars import Bar
from bench.workers.tasks import BY_NAME, MYSQL, Engine

PEERS, OURS, OURS_ON_MYSQL = "#6b7280", "#60a5fa", "#1d4ed8"


def draw(figures: Mapping[str, Any], file: Path) -> None:
    """Write the picture of all figures of a measurement."""
    groups = {
        BY_NAME[task].title: [
            Bar(engine.title, _colour(engine), each["per_second"], figures["ratios"][task].get(name))
            for name, each in found.items()
            for engine in (BY_NAME[task].by_name[name],)
        ]
        for task, found in figures["medians"].items()
    }
    bars.draw(groups, "Workers: orders a second", figures, file)


def _colour(engine: Engine) -> str:
    if not engine.is_ours:
        return PEERS
    return OURS_ON_MYSQL if engine.database == MYSQL else OURS
