"""What the answers of the platform's parts mean for the whole. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"
    """nobody knows"""
    PENDING = "pending"
    """it has not had its first turn yet"""


class Overall(StrEnum):
    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"


class Down(RuntimeError):
    """A part does not answer; the message says what is wrong and what to see to, without names of hosts or accounts."""


class Unknown(RuntimeError):
    """Whoever knows how a part is does not say so; the message says who, and what to see to."""


class Pending(RuntimeError):
    """A part has not had its first turn yet; the message says when it has."""


@dataclass(frozen=True, slots=True)
class Part:
    """How a part that the platform depends on answered."""

    name: str
    needed: bool
    """without it the API takes no orders"""
    latency_ms: float
    why: str = ""
    """what is wrong with it; empty: nothing"""
    is_known: bool = True
    """whether it is the part that something is wrong with, and not only our knowing of it"""
    is_due: bool = True
    """whether there could be anything to know yet"""

    @property
    def status(self) -> Status:
        if not self.why:
            return Status.UP
        if not self.is_due:
            return Status.PENDING
        return Status.DOWN if self.is_known else Status.UNKNOWN


def overall(parts: Iterable[Part]) -> Overall:
    """Down with a needed part, degraded with any other; what is not due yet counts for neither."""
    not_up = [part for part in parts if part.status not in (Status.UP, Status.PENDING)]
    if any(part.needed for part in not_up):
        return Overall.DOWN
    return Overall.DEGRADED if not_up else Overall.UP
