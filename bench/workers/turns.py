"""One engine's turn: what it writes to as it was at first, the engine started anew, followed, ended, and checked."""

import shutil
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psutil

from bench.figures import rounded
from bench.mysql import MySQL
from bench.running import OURS
from bench.workers.broker import ORDERS, Broker, schema_id
from bench.workers.checking import check_alerts, check_database, check_sent, check_streams, told_by_producer
from bench.workers.following import follow, running
from bench.workers.java import Peers
from bench.workers.load_data import load_data
from bench.workers.measured import Seen, Turn, turn
from bench.workers.orders import LIMIT_CENTS, Orders
from bench.workers.tasks import Engine, Program, Task
from native.driving.embedded import free_ports
from streaming.topology import EVERYWHERE

WORKERS = {worker.name: worker for worker in EVERYWHERE}
PEERS_SECONDS = 45
"""for which peers are followed at most: Java gets faster while it works, and states grow"""

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
        worker, database = WORKERS[engine.worker], self.databases[engine.database]
        assert worker.group, f"{worker.name} reads nothing"
        database.put_back()
        self.broker.forget_group(worker.group)
        (port,) = free_ports(1)
        command = [worker.command, "--metrics-port", str(port), "--verbosity", "0"]
        with database.running(), self.broker.onlooker(worker.group) as onlooker:
            seen = self._follow(engine, command, onlooker.done, self.seconds, **database.environment())
            done = self.known.before(onlooker.committed())
            check_database(worker.name, self.known, done, database.environment(), self.folder)
        return seen

    def _producer(self, engine: Engine, _: str) -> Seen:
        command = ["run_producer", "--rate", "1000000", "--count", str(self.count), "--verbosity", "0"]
        sent = self._sent()
        seen = self._follow(engine, command, sent, self.seconds)
        check_sent(engine.name, sent(), told_by_producer(self._log(engine).read_text()))
        return seen

    def _follow(self, engine: Engine, command: list[str], done: Callable[[], int], seconds: float, **more: str) -> Seen:
        """Of a management command."""
        environment = OURS | more | settings_of(self.broker)
        with running([sys.executable, "manage.py", *command], environment, self._log(engine)) as started:
            return follow(started, done, self.count, seconds)

    def _streams(self, engine: Engine, name: str) -> Seen:
        totals, state = f"{name}-out", self.folder / name
        self.broker.make(totals)
        command = self.peers.streams(
            self.broker.address, name, orders=ORDERS, totals=totals, store=engine.store, state=state
        )
        with self.broker.onlooker(name) as onlooker:
            with running(command, {}, self._log(engine)) as started:
                seen = follow(started, onlooker.done, self.count, PEERS_SECONDS)
            check_streams(self.broker, totals, self.known, self.known.before(onlooker.committed()))
        self.broker.forget_topics(name)
        shutil.rmtree(state, ignore_errors=True)  # in memory it has none
        return seen

    def _java_consumer(self, engine: Engine, name: str) -> Seen:
        alerts = f"{name}-out"
        self.broker.make(alerts)
        command = self.peers.fraud(self.broker.address, name, orders=ORDERS, alerts=alerts, limit=LIMIT_CENTS / 100)
        with self.broker.onlooker(name) as onlooker:
            with running(command, {}, self._log(engine)) as started:
                seen = follow(started, onlooker.done, self.count, PEERS_SECONDS)
            check_alerts(self.broker, alerts, self.known, self.known.before(onlooker.committed()))
        self.broker.forget_topics(name)
        return seen

    def _java_producer(self, engine: Engine, _: str) -> Seen:
        command = self.peers.producer(self.broker.address, orders=ORDERS, count=self.count, schema_id=schema_id())
        sent = self._sent()
        with running(command, {}, self._log(engine)) as started:
            seen = follow(started, sent, self.count, PRODUCERS_SECONDS)
        check_sent(engine.name, sent(), self.count)
        return seen

    def _consume(self, engine: Engine, name: str) -> Seen:
        command = [sys.executable, "-m", "bench.workers.consuming", self.broker.address, name]
        with self.broker.onlooker(name) as onlooker, running(command, OURS, self._log(engine)) as started:
            return follow(started, onlooker.done, self.count, PEERS_SECONDS)

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

    def _log(self, engine: Engine) -> Path:
        return self.folder / f"{engine.name}.log"


def settings_of(broker: Broker) -> dict[str, str]:
    """By which our processes find it."""
    return {"KAFKA_BOOTSTRAP_SERVERS": broker.address, "TOPIC_PARTITIONS": str(broker.partitions)}
