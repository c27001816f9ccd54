"""A picture of what the measurement of the API came to: bars by kind of request, ratios to the peer printed on them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench import bars
from bench.api.kinds import Kind
from bench.api.outcome import TITLES, ratios
from bench.bars import Bar

COLOURS = {"spring": "#6b7280", "ours-mysql": "#1d4ed8", "ours-sqlite": "#60a5fa"}


def draw(figures: Mapping[str, Any], kinds: Sequence[Kind], file: Path) -> None:
    """Write the picture of all figures of a measurement."""
    summed = figures["medians"]
    times = ratios(summed, kinds)
    groups = {
        f"{kind.title}, {kind.unit}": [
            Bar(TITLES[server], COLOURS[server], found["kinds"][kind.name]["per_second"], _of(times, server, kind))
            for server, found in summed.items()
        ]
        for kind in kinds
    }
    bars.draw(groups, "API: a second", figures, file)


def _of(times: Mapping[str, Mapping[str, float | None]], server: str, kind: Kind) -> float | None:
    return times.get(server, {}).get(kind.name)
