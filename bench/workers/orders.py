"""Orders in columns, of which is known what they add up to, wherever a reader has got to. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streaming.partitioner import home_of

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

STATUSES = ("PENDING", "SUCCESS", "FAILED")
LIMIT_CENTS = 1_000_000_000
"""what is above it is suspicious"""
HOUR_MS = 3_600_000
JITTER_MS = 60_000
"""by which orders come out of order"""
TOTAL = np.dtype([(name, np.int64) for name in ("user", "hour", "cents", "count", "settled", "failed")])
"""Of a user and an hour, counted since 1970: money in cents, and how many orders."""

Totals = NDArray[Any]
"""of TOTAL, by user and hour"""


@dataclass(frozen=True, slots=True)
class Load:
    """What a topic is filled with. hours: over which a million orders are spread."""

    name: str
    title: str
    users: int
    hours: float


@dataclass(frozen=True, eq=False)
class Orders:
    """Columns of orders as they are sent, one entry each. statuses: places in STATUSES. millis: since 1970."""

    numbers: Ints
    users: Ints
    cents: Ints
    statuses: Ints
    millis: Ints
    partitions: int

    def __len__(self) -> int:
        return len(self.users)

    @cached_property
    def homes(self) -> Ints:
        """The partition of each."""
        users, places = np.unique(self.users, return_inverse=True)
        found: Ints = np.array([home_of(user, self.partitions) for user in users.tolist()], np.int64)[places]
        return found

    @cached_property
    def offsets(self) -> Ints:
        """Where each stands in its partition, if nothing else is there."""
        order = np.argsort(self.homes, kind="stable")
        homes = self.homes[order]
        begins = np.searchsorted(homes, np.arange(self.partitions))
        found = np.empty(len(self), np.int64)
        found[order] = np.arange(len(self)) - begins[homes]
        return found

    @property
    def ends(self) -> dict[int, int]:
        """How many each partition has."""
        return dict(enumerate(np.bincount(self.homes, minlength=self.partitions).tolist()))

    def before(self, committed: Mapping[int, int]) -> Mask:
        """Those that a reader has done who has committed these offsets, by partition."""
        limits = np.array([committed.get(partition, 0) for partition in range(self.partitions)])
        done: Mask = self.offsets < limits[self.homes]
        return done

    def first(self, count: int) -> Mask:
        """So many of them."""
        return np.arange(len(self)) < count

    def totals(self, done: Mask) -> Totals:
        """What these add up to."""
        users, hours, cents, statuses = (
            column[done] for column in (self.users, self.millis // HOUR_MS, self.cents, self.statuses)
        )
        keys, places = np.unique(users << 32 | hours, return_inverse=True)
        totals = np.zeros(len(keys), TOTAL)
        totals["user"], totals["hour"] = keys >> 32, keys & 0xFFFFFFFF
        for name, values in {
            "cents": cents,
            "count": np.ones_like(cents),
            "settled": np.where(statuses == STATUSES.index("SUCCESS"), cents, 0),
            "failed": np.where(statuses == STATUSES.index("FAILED"), cents, 0),
        }.items():
            np.add.at(totals[name], places, values)
        return totals

    def sums(self, done: Mask) -> tuple[int, int]:
        """How many these are, and their cents."""
        return int(done.sum()), int(self.cents[done].sum())

    @property
    def suspicious(self) -> Mask:
        above: Mask = self.cents > LIMIT_CENTS
        return above

    def rows(self) -> Iterator[tuple[str, int, int, str, int]]:
        """Id, user, cents, status and milliseconds of each."""
        columns = (self.numbers, self.users, self.cents, self.statuses, self.millis)
        for place, (number, user, cents, status, millis) in enumerate(zip(*(c.tolist() for c in columns), strict=True)):
            yield f"{number:016x}-{place:019d}", user, cents, STATUSES[status], millis


def drawn(load: Load, count: int, *, partitions: int, now_ms: int, seed: int = 1) -> Orders:
    """As the simulator draws them: few users buy often, one order in 200 is suspicious. None is later than now."""
    chance = np.random.default_rng(seed)
    cents = np.maximum(1, np.round(3500 * np.exp(0.9 * chance.standard_normal(count)))).astype(np.int64)
    huge = chance.random(count) < 0.005
    cents[huge] = chance.integers(LIMIT_CENTS + 1, 10 * LIMIT_CENTS, huge.sum())
    spread = round(load.hours * count / 1e6 * HOUR_MS)
    moments = np.sort(now_ms - chance.integers(0, spread + 1, count)) + chance.integers(-JITTER_MS, JITTER_MS, count)
    return Orders(
        numbers=chance.integers(0, 1 << 62, count),
        users=1 + (load.users * chance.random(count) ** 2).astype(np.int64),
        cents=cents,
        statuses=chance.choice(len(STATUSES), count, p=[0.15, 0.80, 0.05]),
        millis=np.minimum(moments, now_ms),
        partitions=partitions,
    )


def differs(expected: Totals, found: Totals, columns: tuple[str, ...] = TOTAL.names or ()) -> str:
    """What of totals is not as it should be, in words; nothing if all is. Both have each user and hour once."""
    found = np.sort(found, order=["user", "hour"])
    if len(expected) != len(found):
        return f"{len(found):,} totals instead of {len(expected):,}"
    wrong = [f"{int((expected[name] != found[name]).sum()):,} × {name}" for name in columns]
    return ", ".join(each for each in wrong if not each.startswith("0 "))
