"""One engine's turn: what it writes to as it was at first, the engine started anew, followed, ended, and checked."""

import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import psutil

from bench.figures import rounded
from bench.mysql import MySQL
from bench.running import OURS
from bench.workers.broker import ORDERS, Broker, Onlooker, schema_id
from bench.workers.checking import check_alerts, check_database, check_sent, check_streams, told_by_producer
from bench.workers.following import Started, follow, running
from bench.workers.java import COMMIT_MS, Peers
from bench.workers.load_data import load_data
from bench.workers.measured import Seen, Turn, turn
from bench.workers.orders import LIMIT_CENTS, Orders
from bench.workers.tasks import Engine, Program, Task
from native.driving.embedded import free_ports
from streaming.topology import EVERYWHERE

WORKERS = {worker.name: worker for worker in EVERYWHERE}
PEERS_SECONDS = 45
"""for which peers are followed at most: Java gets faster while it works, and states grow"""

USUAL: Mapping[str, str] = {}
"""settings, if a worker has none of its own"""

PRODUCERS_SECONDS = 300
"""within which the producer in Java has to have sent everything: it does not say how much it has"""


class Database(Protocol):
    """MySQL or SQLite."""

    def make(self) -> None: ...
    def running(self) -> AbstractContextManager[psutil.Process | None]: ...
    def environment(self) -> dict[str, str]: ...
    @property
    def root(self) -> dict[str, str]: ...
    def keep(self) -> None: ...
    def put_back(self) -> None: ...
    def forget(self) -> None: ...


@dataclass(frozen=True)
class Stage:
    """What the engines of a load have in common. seconds: for which ours are followed at most."""

    broker: Broker
    orders: Orders | None
    count: int
    databases: Mapping[str, Database]
    peers: Peers
    folder: Path
    seconds: float

    @property
    def known(self) -> Orders:
        assert self.orders is not None, "Nothing was loaded."
        return self.orders

    def take(self, task: Task, engine: Engine, number: int) -> Turn:
        """Its turn of this number; raises Ended, NothingDone and Wrong."""
        take = {
            Program.WORKER: self._worker,
            Program.PRODUCER: self._producer,
            Program.STREAMS: self._streams,
            Program.JAVA_CONSUMER: self._java_consumer,
            Program.JAVA_PRODUCER: self._java_producer,
            Program.CONSUME: self._consume,
        }
        if engine.program is Program.LOAD_DATA:
            return self._load_data(task, engine)
        return turn(task.name, engine.name, take[engine.program](engine, f"peer-{number}-{engine.name}"))

    def _worker(self, engine: Engine, _: str) -> Seen:
        return self.worker(engine)

    def worker(self, engine: Engine, processes: int = 1, share: float = 1, settings: Mapping[str, str] = USUAL) -> Seen:
        """So many processes of a worker of ours, followed from when all of them have their partitions.

        share: of the orders, until which they are followed. settings: of theirs, by name. Of others, the broker is
        seen, and the database's server if it has one. Raises Ended and Wrong.
        """
        with self.at_work(engine, processes, settings) as (started, onlooker, server):
            others = [self.broker.process(), *([server] if server else [])]
            done = from_when(partial(self.broker.is_shared, onlooker.group, processes), onlooker.done)
            return follow(started, done, round(share * self.count), self.seconds, others)

    @contextmanager
    def at_work(
        self, engine: Engine, processes: int = 1, settings: Mapping[str, str] = USUAL
    ) -> Iterator[tuple[list[Started], Onlooker, psutil.Process | None]]:
        """So many processes of a worker of ours, on tables as they were at first, and the server of these, if any.

        When they have ended, all that they have left is compared with what they have committed; raises Wrong.
        """
        worker, database = WORKERS[engine.worker], self.databases[engine.database]
        assert worker.group, f"{worker.name} reads nothing"
        database.put_back()
        self.broker.forget_group(worker.group)
        with database.running() as server, self.broker.onlooker(worker.group) as onlooker:
            with ExitStack() as stack:
                environment = {**database.environment(), **settings}
                some = [self._process(engine, number, environment) for number in range(processes)]
                yield [stack.enter_context(each) for each in some], onlooker, server
            self.compare(engine, onlooker.committed())

    def compare(self, engine: Engine, committed: Mapping[int, int]) -> None:
        """All that a worker of ours has left, with what the orders come to before these offsets; raises Wrong."""
        environment = self.databases[engine.database].environment()
        check_database(engine.worker, self.known, self.known.before(committed), environment, self.folder)

    def _process(self, engine: Engine, number: int, environment: Mapping[str, str]) -> AbstractContextManager[Started]:
        """One of a worker's."""
        (port,) = free_ports(1)
        command = [WORKERS[engine.worker].command, "--metrics-port", str(port), "--verbosity", "0"]
        return self._managed(command, self.log(f"{engine.name}-{number}" if number else engine.name), environment)

    def _producer(self, engine: Engine, _: str) -> Seen:
        command = ["run_producer", "--rate", "1000000", "--count", str(self.count), "--verbosity", "0"]
        sent = self._sent()
        with self._managed(command, self.log(engine.name), {}) as started:
            seen = follow([started], sent, self.count, self.seconds)
        check_sent(engine.name, sent(), told_by_producer(self.log(engine.name).read_text()))
        return seen

    def _managed(
        self, command: Sequence[str], log: Path, environment: Mapping[str, str]
    ) -> AbstractContextManager[Started]:
        """A management command, which stands back for nobody, as its peers do not."""
        everyones = OURS | {"WORKER_NICENESS": "0"} | settings_of(self.broker)
        return running([sys.executable, "manage.py", *command], {**everyones, **environment}, log)

    def _streams(self, engine: Engine, name: str) -> Seen:
        with self.streams(engine, name) as (started, onlooker, _):
            return follow([started], onlooker.done, self.count, PEERS_SECONDS)

    @contextmanager
    def streams(self, engine: Engine, name: str, commit_ms: int = COMMIT_MS) -> Iterator[tuple[Started, Onlooker, str]]:
        """Kafka Streams under an application's name, and its topic of totals.

        When it has ended, these are compared with what it has committed; raises Wrong.
        """
        totals, state = f"{name}-out", self.folder / name
        self.broker.make(totals)
        command = self.peers.streams(
            self.broker.address,
            name,
            orders=ORDERS,
            totals=totals,
            store=engine.store,
            state=state,
            commit_ms=commit_ms,
        )
        with self.broker.onlooker(name) as onlooker:
            with running(command, {}, self.log(engine.name)) as started:
                yield started, onlooker, totals
            check_streams(self.broker, totals, self.known, self.known.before(onlooker.committed()))
        self.broker.forget_topics(name)
        shutil.rmtree(state, ignore_errors=True)  # in memory it has none

    def _java_consumer(self, engine: Engine, name: str) -> Seen:
        alerts = f"{name}-out"
        self.broker.make(alerts)
        command = self.peers.fraud(self.broker.address, name, orders=ORDERS, alerts=alerts, limit=LIMIT_CENTS / 100)
        with self.broker.onlooker(name) as onlooker:
            with running(command, {}, self.log(engine.name)) as started:
                seen = follow([started], onlooker.done, self.count, PEERS_SECONDS)
            check_alerts(self.broker, alerts, self.known, self.known.before(onlooker.committed()))
        self.broker.forget_topics(name)
        return seen

    def _java_producer(self, engine: Engine, _: str) -> Seen:
        command = self.peers.producer(self.broker.address, orders=ORDERS, count=self.count, schema_id=schema_id())
        sent = self._sent()
        with running(command, {}, self.log(engine.name)) as started:
            seen = follow([started], sent, self.count, PRODUCERS_SECONDS)
        check_sent(engine.name, sent(), self.count)
        return seen

    def _consume(self, engine: Engine, name: str) -> Seen:
        command = [sys.executable, "-m", "bench.workers.consuming", self.broker.address, name]
        with self.broker.onlooker(name) as onlooker, running(command, OURS, self.log(engine.name)) as started:
            return follow([started], onlooker.done, self.count, PEERS_SECONDS)

    def _sent(self) -> Callable[[], int]:
        """How many orders came to the topic from now on."""
        before = sum(self.broker.ends(ORDERS).values())
        return lambda: sum(self.broker.ends(ORDERS).values()) - before

    def _load_data(self, task: Task, engine: Engine) -> Turn:
        mysql = self.databases[engine.database]
        assert isinstance(mysql, MySQL), f"{engine.name} is of MySQL only."
        mysql.put_back()
        with mysql.running():
            loaded, seconds = load_data(mysql, self.known, self.folder, self.seconds)
            check_database("recorder", self.known, self.known.first(loaded), mysql.environment(), self.folder)
        return Turn(task.name, engine.name, loaded, rounded(loaded / seconds))

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"


def from_when(ready: Callable[[], bool], done: Callable[[], int]) -> Callable[[], int]:
    """How much is done, which counts from when something has come about: 0 until then."""
    been = False

    def counted() -> int:
        nonlocal been
        been = been or ready()
        return done() if been else 0

    return counted


def settings_of(broker: Broker) -> dict[str, str]:
    """By which our processes find it."""
    return {"KAFKA_BOOTSTRAP_SERVERS": broker.address, "TOPIC_PARTITIONS": str(broker.partitions)}
