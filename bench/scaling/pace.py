"""Orders that are due at an even rate, some of them watched, and how long these take to be seen. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import count

import numpy as np
from numpy.typing import NDArray

from bench.workers.orders import LIMIT_CENTS, Ints, Load, Mask, Orders, drawn
from streaming.partitioner import home_of

Floats = NDArray[np.float64]
EVERYTHING = slice(None)

WATCHED_A_SECOND = 250
"""orders, whatever the rate: as many of them are suspicious, and of users whose totals are watched"""
WATCHED_USERS = 2
USERS = 10_000
PERCENTILES = (50, 99)


class NotSeen(RuntimeError):
    """Orders have not become visible in time."""


@dataclass(frozen=True, slots=True)
class Phase:
    """So many orders a second, a multiple of WATCHED_A_SECOND, for so long; at first they only warm everything up."""

    rate: int
    warm_seconds: float
    seconds: float

    @property
    def count(self) -> int:
        return round(self.rate * (self.warm_seconds + self.seconds))


@dataclass(frozen=True)
class Pace:
    """Phases one after another: of the first, all is to be seen before the second begins.

    Arrays have an entry for each order, as they are sent.
    """

    phases: Sequence[Phase]

    def __len__(self) -> int:
        return sum(phase.count for phase in self.phases)

    @property
    def parts(self) -> tuple[slice, slice]:
        """The orders of the first phase, and all others."""
        first = self.phases[0].count
        return slice(0, first), slice(first, len(self))

    @cached_property
    def due(self) -> Floats:
        """Seconds since the first one."""
        gaps = np.concatenate([np.full(phase.count, 1 / phase.rate) for phase in self.phases])
        found: Floats = np.cumsum(gaps) - gaps[0]
        return found

    @cached_property
    def watched(self) -> Mask:
        """WATCHED_A_SECOND of them."""
        each = [np.arange(phase.count) % (phase.rate // WATCHED_A_SECOND) == 0 for phase in self.phases]
        found: Mask = np.concatenate(each)
        return found

    @cached_property
    def rates(self) -> Ints:
        """That at which each is sent; 0 of those that warm up."""
        parts = [(round(phase.rate * phase.warm_seconds), phase) for phase in self.phases]
        each = [np.repeat([0, phase.rate], [warm, phase.count - warm]) for warm, phase in parts]
        found: Ints = np.concatenate(each)
        return found

    def orders(self, *, partitions: int, now_ms: int) -> Orders:
        """Those that are sent, all of this hour; watched ones are of watched users in turns, and suspicious."""
        some = drawn(Load("paced", f"{USERS:,} users", USERS, hours=0), len(self), partitions=partitions, now_ms=now_ms)
        users, cents, places = some.users.copy(), some.cents.copy(), np.flatnonzero(self.watched)
        users[places] = np.resize(watched_users(partitions), len(places))
        cents[places] = LIMIT_CENTS + 1 + np.arange(len(places))
        return replace(some, users=users, cents=cents, millis=np.full(len(self), now_ms))


def watched_users(partitions: int) -> list[int]:
    """Who buy nothing else, on partitions of their own as far as there are any."""
    homes: dict[int, int] = {}
    for user in count(USERS + 1):
        homes.setdefault(home_of(user, partitions), user)
        if len(homes) == min(WATCHED_USERS, partitions):
            return list(homes.values())
    raise AssertionError("Users never end.")


@dataclass
class Sightings:
    """Which of some orders have been seen, and when.

    moments: of time.monotonic(), an entry for each order; nan of those that have not been seen.
    """

    orders: Orders
    pace: Pace
    moments: Floats = field(init=False)

    def __post_init__(self) -> None:
        self.moments = np.full(len(self.orders), np.nan)
        self._known = dict.fromkeys(watched_users(self.orders.partitions), 0)
        self._places = {user: np.flatnonzero(self.orders.users == user) for user in self._known}
        self._sums = {user: np.cumsum(self.orders.cents[places]) for user, places in self._places.items()}

    def are_complete(self, part: slice = EVERYTHING) -> bool:
        """Whether all watched orders of a part have been seen."""
        return not np.isnan(self.moments[part][self.pace.watched[part]]).any()

    def note_order(self, place: int, moment: float) -> None:
        """One of them is visible."""
        self.moments[place] = moment

    def note_total(self, user: int, number: int, cents: int, moment: float) -> str:
        """So many of the first orders of a watched user are; gives what is wrong with their sum, or nothing."""
        before, self._known[user] = self._known[user], max(number, self._known[user])
        self.moments[self._places[user][before:number]] = moment
        expected = int(self._sums[user][number - 1]) if 0 < number <= len(self._sums[user]) else 0
        return "" if cents == expected else f"{number:,} orders of user {user} come to {cents} cents, not {expected}"


@dataclass(frozen=True, slots=True)
class Latency:
    """How long orders took, at a rate, from when they were due until they were seen. late_ms: the sender's p99."""

    engine: str
    rate: int
    orders: int
    p50_ms: float
    p99_ms: float
    max_ms: float
    late_ms: float


def latencies(engine: str, found: Sightings, begins: float, late: Floats) -> list[Latency]:
    """Of each rate that is measured; raises NotSeen.

    begins: the moment of which pace.due tells the seconds since. late: seconds by which each order was sent late.
    """
    pace = found.pace
    if missing := int(np.isnan(found.moments[pace.watched]).sum()):
        raise NotSeen(f"{engine}: {missing:,} of {int(pace.watched.sum()):,} orders have not become visible in time.")
    took = 1000 * (found.moments - begins - pace.due)
    return [_latency(engine, phase.rate, pace, took, 1000 * late) for phase in pace.phases if phase.seconds]


def _latency(engine: str, rate: int, pace: Pace, took: Floats, late: Floats) -> Latency:
    which = pace.rates == rate
    ms = took[which & pace.watched]
    p50, p99 = np.percentile(ms, PERCENTILES).tolist()
    figures = (p50, p99, float(ms.max()), float(np.percentile(late[which], 99)))
    return Latency(engine, rate, len(ms), *(round(each, 1) for each in figures))
