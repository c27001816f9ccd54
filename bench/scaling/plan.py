"""What `make bench-scaling` measures, what is wanted of it, and how long that takes. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bench.scaling.pace import WATCHED_A_SECOND, Pace, Phase
from bench.workers.orders import Load
from bench.workers.tasks import AGGREGATORS, FRAUD, STREAMS_MEMORY, Engine

RATES = (1_000, 5_000)
WARM_SECONDS = 2.0
FIRST = Phase(WATCHED_A_SECOND, warm_seconds=1, seconds=0)
"""with which an engine loads and connects what it does not need before"""
HOURS = 15
"""over which a million orders are spread"""
EVENLY = 1.15
"""so many times as many orders as are remembered: partitions do not get the same number of them"""
MILLION = 1_000_000

ALERT_MS, TOTAL_MS = 250, 1_200
MEMORY_MB = 500
START_SECONDS = 3
TIMES = 1.7
"""as fast with twice the processes and partitions"""

TIMED = (*FRAUD, *AGGREGATORS, STREAMS_MEMORY)
COSTLY = AGGREGATORS
SCALED = (*FRAUD, AGGREGATORS[1])
"""SQLite takes one writer at a time: two aggregators would wait for each other there, whatever the cores"""
STARTED = AGGREGATORS
BY_NAME = {engine.name: engine for engine in (*TIMED, *COSTLY, *SCALED, *STARTED)}

MINUTES_AT_FIRST, SECONDS_OF_A_TURN, SECONDS_OF_A_STAGE, LOADED_A_SECOND = 1.0, 8.0, 6.0, 120_000


class Section(StrEnum):
    LATENCY = "latency"
    COST = "cost"
    SCALING = "scaling"
    START = "start"


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured.

    seconds: at each rate of the latencies, and of a turn of the scaling. events: orders in a topic. remembered: orders
    of a partition that the aggregator knows again, while its start is measured. limit: seconds for which a turn of the
    costs is followed, by a million orders.
    """

    sections: Sequence[Section] = tuple(Section)
    rounds: int = 1
    seconds: float = 8.0
    events: int = 3 * MILLION
    users: tuple[int, ...] = (10_000, MILLION)
    partitions: int = 4
    remembered: int = MILLION
    limit: float = 20.0

    @property
    def pace(self) -> Pace:
        return Pace([FIRST, *(Phase(rate, WARM_SECONDS, self.seconds) for rate in RATES)])

    @property
    def half(self) -> int:
        """Of the partitions."""
        return self.partitions // 2

    @property
    def events_to_remember(self) -> int:
        """Of which at least as many as are remembered lie in each of half the partitions."""
        return round(self.remembered * self.half * EVENLY)

    @property
    def cost_seconds(self) -> float:
        return max(self.limit, self.limit * self.events / MILLION)

    @property
    def minutes(self) -> float:
        """About."""
        turns = {
            Section.LATENCY: len(TIMED) * (SECONDS_OF_A_STAGE + len(RATES) * (WARM_SECONDS + self.seconds)),
            Section.COST: len(COSTLY) * len(self.users) * self.cost_seconds * 2 / 3,
            Section.SCALING: 2 * len(SCALED) * self.seconds,
            Section.START: len(STARTED) * (SECONDS_OF_A_STAGE + 2 * self.events_to_remember / LOADED_A_SECOND),
        }
        counts = {
            Section.LATENCY: len(TIMED),
            Section.COST: len(COSTLY) * len(self.users),
            Section.SCALING: 2 * len(SCALED),
            Section.START: len(STARTED),
        }
        once = sum(self.loads) / LOADED_A_SECOND + SECONDS_OF_A_STAGE * len(self.loads)
        of_a_round = sum(turns[each] + SECONDS_OF_A_TURN * counts[each] for each in self.sections)
        return MINUTES_AT_FIRST + (once + self.rounds * of_a_round) / 60

    @property
    def loads(self) -> list[int]:
        """Orders of each topic that is filled for several turns."""
        whole = [self.events for users in self.users if self.is_needed(users)]
        return [*whole, self.events] if Section.SCALING in self.sections else whole

    def is_needed(self, users: int) -> bool:
        """Whether a topic of orders of so many users is."""
        is_scaled = Section.SCALING in self.sections and users == self.users[0]
        return is_scaled or Section.COST in self.sections


def load_of(users: int) -> Load:
    return Load(f"users-{users}", f"{users:,} users", users, HOURS)


def title_of(engine: Engine) -> str:
    """What is timed of it."""
    what = {"fraud": "alert in its table", "aggregator": "total by the API", "": "total in its topic"}[engine.worker]
    return f"{what}: {engine.title}"


def wanted_ms(engine: Engine) -> int | None:
    """Of the 99th percentile."""
    return {"fraud": ALERT_MS, "aggregator": TOTAL_MS}.get(engine.worker)
