"""A running cluster as tests and the report see it: its parts to kill, its stores to look into, its API to call."""

import json
import logging
import os
import signal
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, Message, Producer
from confluent_kafka.admin import AdminClient

from native import readiness
from native.configuration.elasticsearch import basic
from native.driving.embedded import ROOT, wait_until
from native.layout import Layout
from native.loopback import urlopen
from native.packages import debian
from native.security import accounts
from native.startup import CONF
from native.supervision import Supervision
from native.with_env import variables
from streaming.log_reader import begins, read

QUIET = logging.Logger("refused", level=logging.CRITICAL + 1)


class RunningCluster:
    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.parts = Supervision(CONF, layout.var, os.environ | layout.environment)
        assert self.parts.attach(), "the cluster does not run"
        self.logins: dict[str, dict[str, str]] = json.loads((layout.secrets / "accounts.json").read_text())

    # --- processes --------------------------------------------------------------------------------------------------

    def process(self, name: str) -> dict[str, Any]:
        """What the supervisor knows of a process, by its name alone."""
        return next(dict(each) for each in self.parts.rpc.getAllProcessInfo() if each["name"] == name)

    def kill(self, name: str) -> None:
        """kill -9, and wait until the supervisor has started it again and its part answers."""
        before = self.process(name)
        os.kill(before["pid"], signal.SIGKILL)
        wait_until(lambda: self.is_running_again(name, before["pid"]), f"{name} was started again", timeout=120)
        self.wait_ready(before["group"])

    def is_running_again(self, name: str, former_pid: int) -> bool:
        process = self.process(name)
        return process["statename"] == "RUNNING" and process["pid"] not in (0, former_pid)

    def wait_ready(self, part: str, timeout: float = 300) -> None:
        question = readiness.QUESTIONS.get(part)
        if question:
            wait_until(lambda: question(self.layout), f"{part} answers", timeout=timeout)

    def stop(self, name: str) -> None:
        self.parts.rpc.stopProcess(self.full_name(name), True)

    def start(self, name: str) -> None:
        self.parts.rpc.startProcess(self.full_name(name), True)

    def full_name(self, name: str) -> str:
        return f"{self.process(name)['group']}:{name}"

    def zookeeper_leader(self) -> str:
        for node in (1, 2, 3):
            if b"Mode: leader" in readiness.exchange(self.layout.ports[f"zookeeper {node}"], b"srvr"):
                return f"zookeeper-{node}"
        raise AssertionError("no ZooKeeper node leads")

    # --- commands ---------------------------------------------------------------------------------------------------

    def environment(self, principal: str) -> dict[str, str]:
        files = [self.layout.secrets / name for name in ("platform.env", f"kafka-{principal}.env")]
        return os.environ | variables(files)

    def begin(self, principal: str, *arguments: str, log: Path) -> subprocess.Popen[str]:
        """Start a management command under a Kafka account."""
        with log.open("w") as output:
            return subprocess.Popen(
                [sys.executable, "manage.py", *arguments],
                cwd=ROOT, env=self.environment(principal), text=True, stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def manage(self, principal: str, *arguments: str, timeout: float = 300) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT, env=self.environment(principal), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            check=False, timeout=timeout,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-5000:]
        return done.stdout

    # --- stores -----------------------------------------------------------------------------------------------------

    @cached_property
    def admin(self) -> AdminClient:
        return accounts.administrator(self.layout.broker_listeners, self.layout.certificates)

    def login(self, principal: str, password: str | None = None) -> dict[str, Any]:
        """Client settings of an account, with its own password unless another is tried."""
        return {
            "bootstrap.servers": self.layout.bootstrap_servers,
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": principal,
            "sasl.password": password or accounts.secret(self.layout.secrets, f"kafka-{principal}"),
            "ssl.ca.location": str(self.layout.certificates / "ca.pem"),
            # What is refused is asserted, and need not be printed.
            "log_level": 0,
            "logger": QUIET,
            # A topic that one may not see does not exist, and a client would wait for it to come into being.
            "topic.metadata.propagation.max.ms": 1000,
        }

    @property
    def super_user(self) -> dict[str, str]:
        """Client settings of the super user, who logs in with a certificate on the brokers' own listeners."""
        return {
            "bootstrap.servers": self.layout.broker_listeners,
            "security.protocol": "SSL",
            "ssl.ca.location": str(self.layout.certificates / "ca.pem"),
            "ssl.certificate.location": str(self.layout.certificates / "admin.pem"),
            "ssl.key.location": str(self.layout.certificates / "admin.key"),
        }

    def in_sync(self, topic: str) -> set[int]:
        """How many replicas the partitions of a topic have in sync."""
        partitions = self.admin.list_topics(topic, timeout=30).topics[topic].partitions
        return {len(each.isrs) for each in partitions.values()}

    def refusal_of_a_write(self, topic: str) -> str:
        """The name of the error with which a record for every replica in sync is refused; "" if it is taken."""
        refusals: list[str] = []
        producer = Producer(self.super_user | {"acks": "all", "retries": 0})
        producer.produce(topic, b"", on_delivery=lambda error, _: refusals.append(error.name() if error else ""))
        producer.flush(30)
        return refusals[0]

    def read_topic(self, topic: str) -> Iterator[Message]:
        """Every committed record of a topic, read with the super user's certificate."""
        consumer = Consumer(
            self.super_user
            | {
                "group.id": "proof",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
            }
        )
        try:
            for messages in read(consumer, begins(consumer, [topic])):
                yield from messages
        finally:
            consumer.close()

    def sql(self, statement: str) -> list[list[str]]:
        """Run a statement in the shop's database as root; gives the rows as text."""
        client = debian.command_of(self.layout.mysql, "usr/bin/mysql")
        done = subprocess.run(
            [*client, f"--defaults-extra-file={self.layout.secrets / 'mysql-root.cnf'}",
             "--batch", "--skip-column-names", "shop", "--execute", statement],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return [line.split("\t") for line in done.stdout.splitlines()]

    def elasticsearch(self, path: str, body: Any = None, method: str | None = None, user: str = "platform") -> Any:
        """What Elasticsearch answers to a request of one of its accounts."""
        password = accounts.secret(self.layout.secrets, f"elasticsearch-{user}")
        request = urllib.request.Request(
            self.layout.address("elasticsearch", "https") + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Content-Type": "application/json",
                "Authorization": basic(user, password),
            },
            method=method,
        )
        authority = ssl.create_default_context(cafile=str(self.layout.certificates / "ca.pem"))
        with urlopen(request, timeout=30, context=authority) as answer:
            return json.load(answer)

    def documents(self) -> dict[str, dict[str, Any]]:
        """Every document of the index, by its id."""
        found: dict[str, dict[str, Any]] = {}
        self.elasticsearch("/transactions/_refresh")
        page: dict[str, Any] = {"size": 10_000, "sort": [{"order_id": "asc"}], "track_total_hits": False}
        while hits := self.elasticsearch("/transactions/_search", page)["hits"]["hits"]:
            found |= {hit["_id"]: hit["_source"] for hit in hits}
            page["search_after"] = hits[-1]["sort"]
        return found

    def connectors(self) -> dict[str, list[str]]:
        """The state of each connector and of its tasks."""
        body = readiness.fetch(f"{self.layout.address('connect')}/connectors?expand=status")
        assert body is not None
        return {
            name: [each["status"]["connector"]["state"], *(task["state"] for task in each["status"]["tasks"])]
            for name, each in json.loads(body).items()
        }

    # --- API --------------------------------------------------------------------------------------------------------

    def call(self, role: str, method: str, path: str, body: Any = None, *, key: str | None = None) -> tuple[int, Any]:
        """Call the API under a role; gives status and JSON. Raises OSError if it cannot be reached."""
        headers = {"Authorization": f"Bearer {self.logins[role]['token']}", "Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        request = urllib.request.Request(
            self.layout.address("api") + path,
            data=None if body is None else json.dumps(body).encode(),
            headers=headers,
            method=method,
        )
        try:
            with urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"null")
