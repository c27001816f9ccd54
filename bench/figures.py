"""What is said of measurements that were taken several times. Pure."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from statistics import median

CORES = 2
"""All figures are of so many, whatever the machine has."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of some measurements, the least and the greatest."""

    median: float
    least: float
    greatest: float

    @classmethod
    def of(cls, values: Iterable[float]) -> "Spread":
        """Raises ValueError if there are none."""
        known = list(values)
        return cls(median(known), min(known), max(known))

    def as_json(self) -> dict[str, float]:
        return {name: rounded(value) for name, value in asdict(self).items()}


def ratio(ours: Spread, theirs: Spread) -> float | None:
    """How many times theirs ours is, by the medians; None if theirs is nothing."""
    return rounded(ours.median / theirs.median) if theirs.median else None


def rounded(value: float) -> float:
    """Four digits, which is more than any measurement here is worth."""
    return float(f"{value:.4g}")


def written(value: float) -> str:
    """A number for people: thousands separated, three digits at least."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
