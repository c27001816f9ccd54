"""Real parts, for tests and measurements: a Kafka broker, and the platform's processes on a database file."""

import os
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from streaming.inspecting.lag import begin_offsets, end_offsets
from streaming.log_reader import begins, read, reader
from streaming.records import Record

UNLIMITED = {
    f"RATE_{kind}_PER_{whose}": "off" for kind in ("WRITES", "SEARCHES", "LOGINS") for whose in ("ACCOUNT", "ADDRESS")
}
"""Whoever measures, or sends as much as there can be, is held up by nothing but the platform itself."""

QUICK_SESSIONS = {"session.timeout.ms": "2000", "heartbeat.interval.ms": "500"}
"""A member that was killed is gone soon."""

LISTENED_ON = range(12_000, 30_000)
"""Below the ports that a system gives to who connects, which could be taken while who is to listen there starts."""

ROOT = Path(__file__).resolve().parent.parent.parent


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on, all different."""
    found: dict[int, socket.socket] = {}
    for port in random.SystemRandom().sample(LISTENED_ON, len(LISTENED_ON)):
        with suppress(OSError):  # somebody listens there
            found[port] = socket.create_server(("127.0.0.1", port))
        if len(found) == count:
            break
    for each in found.values():
        each.close()
    assert len(found) == count, f"{count} ports are not free"
    return list(found)


def wait_until(
    condition: Callable[[], object], what: str, timeout: float = 180, state: Callable[[], object] = lambda: ""
) -> None:
    """Wait until a condition holds; fails with what was waited for, and with the state, if the time is over.

    On a machine with much else to do a broker takes more than a minute to start.
    """
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, f"not within {timeout} s: {what} {state()}"
        time.sleep(0.03)


@contextmanager
def running_broker(folder: Path, on: Sequence[int] = (), heap: str = "") -> Iterator[str]:
    """A broker of its own on these two ports, or on free ones; gives its address. heap: if it has much to do."""
    port, controller_port = on or free_ports(2)
    ports = ["--port", str(port), "--controller-port", str(controller_port)]
    more = ["--heap", heap] if heap else []
    with (folder / "broker.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "native.broker", *ports, "--data", str(folder / "kafka"), *more],
            cwd=ROOT,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        admin = AdminClient({"bootstrap.servers": f"127.0.0.1:{port}", "reconnect.backoff.max.ms": 200, "log_level": 0})
        wait_until(lambda: process.poll() is not None or _answers(admin), "the broker answers")
        assert process.poll() is None, (folder / "broker.log").read_text()
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def _answers(admin: AdminClient) -> bool:
    try:
        return bool(admin.list_topics(timeout=1).brokers)
    except KafkaException:
        return False


def forget_everything(admin: AdminClient) -> None:
    """Delete every record and every consumer group."""
    topics = admin.list_topics(timeout=10).topics
    partitions = [(name, number) for name, topic in topics.items() if name[0] != "_" for number in topic.partitions]
    begins, ends = begin_offsets(admin, partitions), end_offsets(admin, partitions)
    filled = [TopicPartition(*each, ends[each]) for each in partitions if begins[each] < ends[each]]
    for done in admin.delete_records(filled).values() if filled else ():
        done.result()
    wait_until(lambda: not members(admin), "the members of earlier tests are gone")
    groups = [group.group_id for group in admin.list_consumer_groups().result().valid]
    if groups:
        for deleted in admin.delete_consumer_groups(groups).values():
            deleted.result()


def members(admin: AdminClient) -> list[str]:
    """The members of all consumer groups; those with a name of their own stay until their session times out."""
    groups = [group.group_id for group in admin.list_consumer_groups().result().valid]
    described = admin.describe_consumer_groups(groups).values() if groups else []
    return [member.member_id for group in described for member in group.result().members]


def records(topic: str) -> list[Record[Any]]:
    """What a topic of the broker holds that the settings name."""
    with closing(reader("of a test")) as consumer:
        batches = read(consumer, begins(consumer, [topic]))
        from streaming.decoding import decode  # it loads Django's settings, which processes of tests may lack

        return [decode(message) for messages in batches for message in messages]


class Platform:
    """The platform's processes, on a database file of their own."""

    def __init__(self, folder: Path, brokers: str, migrated: Path, **settings: str) -> None:
        self.folder = folder
        self.database = folder / "platform.sqlite3"
        shutil.copy(migrated, self.database)
        self.environment = os.environ | platform_environment(self.database, brokers) | settings
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a management command in the background; its output goes to a log in the folder."""
        with self.log(arguments[0]).open("a") as log:
            process = subprocess.Popen(
                [sys.executable, "manage.py", *arguments],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._processes.append(process)
        return process

    def run(self, *arguments: str) -> str:
        """Run a management command to its end; gives its output."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT, env=self.environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout
        return done.stdout

    def log(self, command: str) -> Path:
        return self.folder / f"{command}.log"

    def query(self, sql: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=30)) as connection:
            return connection.execute(sql).fetchall()

    def end(self) -> None:
        for process in self._processes:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait()


def platform_environment(database: Path, brokers: str) -> dict[str, str]:
    return UNLIMITED | {
        "DATABASE_URL": f"sqlite:///{database}",
        "KAFKA_BOOTSTRAP_SERVERS": brokers,
        "KAFKA_SESSION_TIMEOUT_MS": QUICK_SESSIONS["session.timeout.ms"],
        "KAFKA_HEARTBEAT_INTERVAL_MS": QUICK_SESSIONS["heartbeat.interval.ms"],
        "SECRET_KEY": "of tests only, where it protects nothing at all",
    }
