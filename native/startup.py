"""The cluster's parts, and in which order they start: each as soon as what it needs is there."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.error import HTTPError
from urllib.request import Request

from native import inherited, readiness
from native.configuration import elasticsearch, mysql, prometheus
from native.configuration.files import COMPOSE
from native.layout import ROOT, Layout
from native.loopback import urlopen
from native.security import accounts, acls
from native.supervision import DidNotStart, Supervision
from native.with_env import variables
from streaming.topology import WORKERS

CONF = Path(__file__).with_name("cluster.conf")
NOT_FOUND = 404
ANSWERS_WITHIN = 300
"""Seconds; on a quiet machine 30 are plenty."""


class Failed(RuntimeError):
    """A step did not work; says why."""


@dataclass
class Cluster:
    """The parts of one layout, under their supervisor."""

    layout: Layout
    began: float = field(default_factory=lambda: float(os.environ.get("CLUSTER_BEGAN", time.time())))
    ready_after: dict[str, float] = field(default_factory=dict)
    lock: IO[str] | None = None
    """the folder's, where it is held already"""

    def __post_init__(self) -> None:
        self.parts = Supervision(CONF, self.layout.var, inherited.environment() | self.layout.environment, self.lock)

    def start(self, part: str, program: str | None = None) -> None:
        """Start a part and wait until it answers."""
        self.parts.start(program or part)
        question = readiness.QUESTIONS[part]
        self.parts.wait_until(
            lambda: question(self.layout), f"{part} answers", timeout=ANSWERS_WITHIN, every=0.5, needs=[part]
        )
        self.ready_after[part] = time.time() - self.began

    def manage(self, principal: str, *arguments: str, also: str | None = None) -> None:
        """Run a management command under a Kafka account; raises Failed."""
        files = ["platform.env", f"kafka-{principal}.env", *([also] if also else [])]
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT, env=inherited.environment() | variables(self.layout.secrets / file for file in files),
            text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip
        if done.returncode:
            raise Failed(f"manage.py {arguments[0]} ended with {done.returncode}:\n{done.stdout}")


def start_everything(cluster: Cluster) -> list[str]:
    """Start all parts, each as soon as what it needs is there; returns what went wrong.

    A part that does not start keeps only those from starting that depend on it.
    """
    with ThreadPoolExecutor(12) as pool:
        kafka = pool.submit(start_kafka, cluster)
        mysql = pool.submit(start_mysql, cluster)
        registry = pool.submit(start_registry, cluster)
        search, redis = pool.submit(start_search, cluster), pool.submit(cluster.start, "redis")
        connect = pool.submit(after([kafka, mysql, registry], lambda: start_connect(cluster)))
        stores = [kafka, mysql, registry, search, redis]
        platform = pool.submit(after(stores, lambda: start_platform(cluster, carried_by=connect)))
        monitoring = [
            *(pool.submit(cluster.start, part) for part in ("prometheus", "alertmanager")),
            pool.submit(cluster.start, "exporters", "exporters:*"),
        ]
        needed = [kafka, mysql, registry, search, redis, connect, platform, *monitoring]
    failures = [failure for future in needed if (failure := future.exception())]
    return list(dict.fromkeys(map(_sentence, failures)))


def _sentence(failure: BaseException) -> str:
    """What went wrong; of a failure that nobody foresaw its kind, too."""
    known = isinstance(failure, (DidNotStart, Failed))
    return str(failure) if known else f"{type(failure).__name__}: {failure}"


def after(needed: list["Future[None]"], step: Callable[[], None]) -> Callable[[], None]:
    def run() -> None:
        for future in needed:
            future.result()
        step()

    return run


def start_kafka(cluster: Cluster) -> None:
    """ZooKeeper, brokers, accounts, rules, topics."""
    layout = cluster.layout
    cluster.start("zookeeper", "zookeeper:*")
    cluster.start("kafka", "kafka:*")
    admin = accounts.administrator(layout.broker_listeners, layout.certificates)
    accounts.set_passwords(admin, accounts.passwords(layout.secrets))
    accounts.set_rules(admin, acls.grants())
    cluster.manage("deployer", "create_topics", "--wait", "60")


def start_mysql(cluster: Cluster) -> None:
    """MySQL, its accounts, tables and the platform's accounts."""
    layout = cluster.layout
    cluster.start("mysql")
    mysql.run_sql(layout, COMPOSE / "mysql" / "accounts.sql")
    cluster.manage("monitor", "migrate", "--verbosity", "0", also="migrator.env")
    mysql.run_sql(layout, COMPOSE / "mysql" / "debezium.sql")
    logins = layout.secrets / "accounts.json"
    if not logins.exists():
        cluster.manage("monitor", "make_demo_accounts", "--write", str(logins))
    cluster.manage("monitor", "collectstatic", "--no-input", "--verbosity", "0")


def start_registry(cluster: Cluster) -> None:
    """The registry, which refuses what would break readers of our contracts, and nothing else.

    The rule for all is NONE, since Apicurio heeds no subject's own NONE beside another one.
    """
    cluster.start("registry")
    rule = json.dumps({"compatibility": "NONE"}).encode()
    url = f"{cluster.layout.address('registry')}/apis/ccompat/v7/config"
    request = Request(url, rule, {"Content-Type": "application/vnd.schemaregistry.v1+json"}, method="PUT")
    try:
        with urlopen(request, timeout=10):
            pass
    except HTTPError as answer:
        # Apicurio takes the rule away, and says so where there is none to be taken away.
        if answer.code != NOT_FOUND:
            raise
    cluster.manage("monitor", "register_schemas")


def start_search(cluster: Cluster) -> None:
    cluster.start("elasticsearch")
    cluster.manage("monitor", "prepare_index")
    elasticsearch.put_template(cluster.layout, "kafka-logs")
    cluster.parts.start("rsyslog")


def start_connect(cluster: Cluster) -> None:
    cluster.start("connect")
    cluster.manage("deployer", "deploy_connectors")
    cluster.parts.start("connect-watchdog")


def start_platform(cluster: Cluster, *, carried_by: "Future[None]") -> None:
    """Workers; then API and Celery, which write to the outbox.

    carried_by: the start of what carries the outbox. Its connector passes over what was written before its first place;
    once it has been tried, the API starts, whatever became of it: orders wait in the outbox while Kafka is away.
    """
    optional = {worker.name for worker in WORKERS if worker.runs_where} - prometheus.idle_workers()
    cluster.parts.start(*optional)
    cluster.start("workers", "workers:*")
    cluster.start("monitor")
    wait([carried_by])
    cluster.parts.start("celery:*")
    cluster.start("api")
