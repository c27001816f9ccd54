"""What one engine's turn comes to, of what was seen while it worked. Pure."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bench.figures import rounded

LONG_ENOUGH = 0.5
"""seconds between the first and the last commit, from which on a speed is that between them"""
MEGABYTE = 2**20


class NothingDone(RuntimeError):
    """An engine did not finish one order."""


@dataclass(frozen=True, slots=True)
class Sample:
    """How many orders were done, and how much of the processor was used, so many seconds after the start.

    memory_bytes: resident, of the largest of an engine's processes. others: seconds of the processor that others used
    who were watched, such as the broker.
    """

    seconds: float
    done: int
    cpu_seconds: float
    memory_bytes: int = 0
    others: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """All that was seen of a turn."""

    samples: Sequence[Sample]

    @property
    def peak_bytes(self) -> int:
        """Of memory, resident."""
        return max(sample.memory_bytes for sample in self.samples)

    def doing(self, engine: str) -> list[Sample]:
        """Those since the first orders were done; raises NothingDone."""
        doing = [sample for sample in self.samples if sample.done]
        if not doing:
            raise NothingDone(f"{engine} did not finish one order.")
        return doing


@dataclass(frozen=True, slots=True)
class Turn:
    """first_seconds: from the start of the process to the first orders that were done for good.

    cpu_us: of an order, of the engine's own processes. What was not measured is None.
    """

    task: str
    engine: str
    orders: int
    per_second: float
    first_seconds: float | None = None
    cpu_us: float | None = None
    memory_mb: float | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def turn(task: str, engine: str, seen: Seen) -> Turn:
    """Speed and cost from the first orders that were done to the last ones; raises NothingDone."""
    doing = seen.doing(engine)
    first, last = doing[0], doing[-1]
    began = first if last.seconds - first.seconds >= LONG_ENOUGH else Sample(0, 0, 0)
    orders = last.done - began.done
    return Turn(
        task,
        engine,
        last.done,
        per_second=rounded(orders / (last.seconds - began.seconds)),
        first_seconds=round(first.seconds, 2),
        cpu_us=rounded(1e6 * (last.cpu_seconds - began.cpu_seconds) / orders),
        memory_mb=round(seen.peak_bytes / MEGABYTE, 1),
    )
