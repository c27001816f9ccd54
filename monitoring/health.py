"""What the answers of the platform's parts mean for the whole. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    UP = "up"
    DOWN = "down"


class Overall(StrEnum):
    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Part:
    """How a part that the platform depends on answered."""

    name: str
    needed: bool
    """without it the platform does not do its work"""
    latency_ms: float
    why: str = ""
    """what is wrong with it; empty: nothing"""

    @property
    def status(self) -> Status:
        return Status.DOWN if self.why else Status.UP


def overall(parts: Iterable[Part]) -> Overall:
    """Down with a needed part, degraded with any other."""
    down = [part for part in parts if part.status is Status.DOWN]
    if any(part.needed for part in down):
        return Overall.DOWN
    return Overall.DEGRADED if down else Overall.UP
