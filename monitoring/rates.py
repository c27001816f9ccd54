"""Records per second, from offsets read at different times. Pure."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

Series = TypeVar("Series", bound=Hashable)

WINDOW = timedelta(seconds=10)
"""Rates are averages over so long: workers commit in batches, and a line that jumps with each says nothing."""

Offsets = Mapping[str, Mapping[Hashable, int]]
"""name → partition → offset"""


@dataclass(frozen=True, slots=True)
class Sample:
    """Offsets at one moment: the ends of topics, and what groups have committed."""

    at: datetime
    topics: Offsets
    groups: Offsets


@dataclass(frozen=True, slots=True)
class Rates:
    """Records per second, written to each topic and read by each group."""

    at: datetime
    topics: Mapping[str, float]
    groups: Mapping[str, float]


def latest_rates(samples: Sequence[Sample], window: timedelta = WINDOW) -> Rates | None:
    """The rates at the last sample; None if no other one lies within the window before it.

    samples: oldest first.
    """
    now = samples[-1]
    before = next(sample for sample in samples if sample.at >= now.at - window)
    seconds = (now.at - before.at).total_seconds()
    if seconds <= 0:
        return None
    return Rates(
        now.at,
        _per_second(before.topics, now.topics, seconds),
        _per_second(before.groups, now.groups, seconds),
    )


def _per_second(before: Offsets, now: Offsets, seconds: float) -> dict[str, float]:
    """A partition seen for the first time, or made anew with smaller offsets, adds nothing."""
    return {
        name: round(
            sum(max(0, offset - before.get(name, {}).get(partition, offset)) for partition, offset in offsets.items())
            / seconds,
            2,
        )
        for name, offsets in now.items()
    }
