"""What turns come to: what an order costs the more there are of them, and what more processes bring. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.figures import rounded
from bench.workers.measured import MEGABYTE, NothingDone, Sample, Seen

STEPS, LEAST = (1, 2, 5), 100_000
"""of marks; a batch of ours takes half of the least one"""


@dataclass(frozen=True, slots=True)
class Stretch:
    """What orders cost after those of the stretch before, until about so many were done. memory_mb: at its end."""

    mark: int
    cpu_us: float
    per_second: float
    memory_mb: float


@dataclass(frozen=True, slots=True)
class Cost:
    """engine: of ours. users: of how many orders were drawn."""

    engine: str
    users: int
    orders: int
    peak_mb: float
    stretches: tuple[Stretch, ...]


@dataclass(frozen=True, slots=True)
class Scaled:
    """What processes do together. cores: busy, of the processes, the broker and the database's server."""

    engine: str
    processes: int
    partitions: int
    per_second: float
    cpu_us: float
    cores: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Start:
    """remembered: orders, in all partitions. seconds: from each start of the process to its first counted order."""

    engine: str
    partitions: int
    remembered: int
    seconds: tuple[float, ...]
    memory_mb: float


def marks(orders: int) -> list[int]:
    """1, 2, 5, 10 … so far: a fiftieth of the orders at least, and all of them."""
    found, power = [], LEAST
    while power < orders:
        found += [step * power for step in STEPS if orders // 50 <= step * power < orders]
        power *= 10
    return [*found, orders]


def cost(engine: str, users: int, orders: int, seen: Seen) -> Cost:
    """orders: that there are. Raises NothingDone."""
    doing = seen.doing(engine)
    found = tuple(stretches(doing, marks(orders)))
    return Cost(engine, users, doing[-1].done, megabytes(seen.peak_bytes), found)


def stretches(doing: Sequence[Sample], wanted: Sequence[int]) -> Iterator[Stretch]:
    """Up to each mark that was passed."""
    began = doing[0]
    for mark in wanted:
        ended = next((sample for sample in doing if sample.done >= mark), began)
        if ended.done > began.done:
            yield Stretch(mark, *_rates(began, ended), megabytes(ended.memory_bytes))
            began = ended


def _rates(began: Sample, ended: Sample) -> tuple[float, float]:
    """Microseconds of the processor an order, and orders a second."""
    orders = ended.done - began.done
    cpu_us = 1e6 * (ended.cpu_seconds - began.cpu_seconds) / orders
    return rounded(cpu_us), rounded(orders / (ended.seconds - began.seconds))


def scaled(engine: str, processes: int, partitions: int, seen: Seen) -> Scaled:
    """Raises NothingDone."""
    doing = seen.doing(engine)
    first, last = doing[0], doing[-1]
    if last.done == first.done:
        raise NothingDone(f"{engine} did nothing more after all its processes had their partitions.")
    cpu_us, per_second = _rates(first, last)
    spent = [(first.cpu_seconds, last.cpu_seconds), *zip(first.others, last.others, strict=True), (0.0, 0.0)]
    ours, broker, server = (rounded((after - before) / (last.seconds - first.seconds)) for before, after in spent[:3])
    return Scaled(engine, processes, partitions, per_second, cpu_us, (ours, broker, server))


def megabytes(octets: int) -> float:
    return round(octets / MEGABYTE, 1)
