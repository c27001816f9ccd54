"""What is measured: tasks, who does each, and what is wanted. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bench.workers.orders import Load

HOT = Load("hot", "10,000 users, a row of totals for some seven orders", 10_000, hours=15)
COLD = Load("cold", "a million users, a row of totals for nearly every order", 1_000_000, hours=12)
LOADS = (HOT, COLD)
SQLITE, MYSQL = "SQLite", "MySQL"


class Program(StrEnum):
    """What an engine runs."""

    WORKER = "one of our workers"
    PRODUCER = "our producer"
    STREAMS = "Kafka Streams"
    JAVA_CONSUMER = "a consumer in Java"
    JAVA_PRODUCER = "a producer in Java"
    LOAD_DATA = "LOAD DATA of MySQL"
    CONSUME = "consume() of confluent-kafka"


@dataclass(frozen=True, slots=True)
class Engine:
    """Who does a task.

    name: also of its log. worker: its name in the topology. store: where Streams keeps its state.
    """

    name: str
    title: str
    program: Program
    database: str = ""
    worker: str = ""
    store: str = ""

    @property
    def is_ours(self) -> bool:
        return self.program in (Program.WORKER, Program.PRODUCER)


def _worker(name: str, database: str) -> Engine:
    return Engine(f"{name}-{database.lower()}", f"ours, {database}", Program.WORKER, database, name)


STREAMS_MEMORY = Engine("streams-memory", "Kafka Streams, in memory", Program.STREAMS, store="memory")
STREAMS_ROCKS = Engine("streams-rocks", "Kafka Streams, RocksDB", Program.STREAMS, store="rocks")
JAVA_CONSUMER = Engine("java-consumer", "Java consumer", Program.JAVA_CONSUMER)
JAVA_PRODUCER = Engine("java-producer", "Java producer", Program.JAVA_PRODUCER)
PRODUCER = Engine("producer", "ours", Program.PRODUCER)
LOAD_DATA = Engine("load-data", "LOAD DATA alone, MySQL", Program.LOAD_DATA, MYSQL)
CONSUME = Engine("consume", "consume() alone, in Python", Program.CONSUME)
AGGREGATORS, FRAUD, RECORDERS, NOTIFIERS = (
    (_worker(name, SQLITE), _worker(name, MYSQL)) for name in ("aggregator", "fraud", "recorder", "notifier")
)


@dataclass(frozen=True, slots=True)
class Goal:
    """What is wanted of an engine: a multiple of the best peer, or so many a second; one is enough."""

    times: float | None = None
    per_second: float | None = None

    def __str__(self) -> str:
        words = []
        if self.per_second is not None:
            words.append(f"{self.per_second:,.0f}")
        if self.times is not None:
            words.append(f"{self.times:g} ×")
        return " or ".join(words)

    def is_reached(self, per_second: float, times: float | None) -> bool:
        """times: None if no peer was measured."""
        is_fast = self.per_second is not None and per_second >= self.per_second
        return is_fast or (self.times is not None and times is not None and times >= self.times)


@dataclass(frozen=True)
class Task:
    """What several engines do with the same orders. load: None if it is they who send orders."""

    name: str
    title: str
    load: Load | None
    engines: tuple[Engine, ...]
    goals: Mapping[str, Goal] = field(default_factory=dict)
    """by engine"""

    @property
    def by_name(self) -> dict[str, Engine]:
        return {engine.name: engine for engine in self.engines}


def _goals(engines: tuple[Engine, ...], *goals: Goal) -> dict[str, Goal]:
    return {engine.name: goal for engine, goal in zip(engines, goals, strict=True)}


STREAMS = (STREAMS_MEMORY, STREAMS_ROCKS)
TASKS = (
    Task("hot", "hourly totals, 10,000 users", HOT, (*STREAMS, *AGGREGATORS), _goals(AGGREGATORS, Goal(5), Goal(2.5))),
    Task(
        "cold", "hourly totals, a million users", COLD, (*STREAMS, *AGGREGATORS),
        _goals(AGGREGATORS, Goal(3), Goal(1.2)),
    ),
    Task("fraud", "fraud rule", HOT, (JAVA_CONSUMER, *FRAUD), _goals(FRAUD, Goal(1), Goal(1))),
    Task(
        "records", "recording", HOT, (LOAD_DATA, *RECORDERS),
        _goals(RECORDERS[1:], Goal(times=0.8, per_second=100_000)),
    ),
    Task(
        "notifications", "notifications", HOT, NOTIFIERS,
        _goals(NOTIFIERS, Goal(per_second=50_000), Goal(per_second=50_000)),
    ),
    # What nobody surpasses who has each message as an object of Python's.
    Task("reading", "reading, and nothing else", HOT, (CONSUME,)),
    Task("producing", "mock orders sent", None, (JAVA_PRODUCER, PRODUCER), _goals((PRODUCER,), Goal(1))),
)  # fmt: skip
BY_NAME = {task.name: task for task in TASKS}


def chosen(words: list[str]) -> list[tuple[Task, Engine]]:
    """Whose names, or whose tasks', contain one of these words; all without words. In the order of their turns."""
    return [
        (task, engine)
        for task in TASKS
        for engine in task.engines
        if not words or any(word in f"{task.name} {engine.name}" for word in words)
    ]
