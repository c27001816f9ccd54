"""The whole cluster on this machine, as plain processes on loopback.

python -m compose.native.cluster up         start every part, wait until it answers, and leave it running
python -m compose.native.cluster status     how each part is
python -m compose.native.cluster down       stop every part; the data stay
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from rich.console import Console
from rich.table import Column, Table

from compose.native import accounts, acls, configuration, debian, libraries, readiness
from compose.native.broker import refuse_port_in_use
from compose.native.certificates import make_certificates
from compose.native.layout import ROOT, Layout
from compose.native.supervision import RUNNING, DidNotStart, Supervision
from compose.native.with_env import variables

CONF = Path(__file__).with_name("cluster.conf")
MYSQL_PACKAGES = ["mysql-server-core", "mysql-client-core"]
# Unpacked, not installed: installed, each of them would be a service of the machine, listening on every address.
MONITORING_PACKAGES = [
    "prometheus-alertmanager",
    "prometheus-mysqld-exporter",
    "prometheus-elasticsearch-exporter",
    "prometheus-redis-exporter",
    "prometheus-node-exporter",
    "mtail",
    "rsyslog",
    "rsyslog-elasticsearch",
]
PROGRAMS = {"redis-server": "redis-server", "prometheus": "prometheus", "java": "default-jre-headless"}
COMPILING = {"mysql_config": "default-libmysqlclient-dev", "pkg-config": "pkg-config", "gcc": "gcc libc6-dev"}
ANSWERS_WITHIN = 300
"""Seconds; on a quiet machine 30 are plenty."""
MEGABYTE = 1024 * 1024
STARTED = "started.json"
"""In a cluster's folder: how its last start went; seconds until each part and all were ready, bytes of memory."""
console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 140)


class Failed(RuntimeError):
    """A step did not work; says why."""


@dataclass
class Cluster:
    """The parts of one layout, under their supervisor."""

    layout: Layout
    began: float = field(default_factory=lambda: float(os.environ.get("CLUSTER_BEGAN", time.time())))
    ready_after: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.parts = Supervision(CONF, self.layout.var, os.environ | self.layout.environment)

    def start(self, part: str, program: str | None = None) -> None:
        """Start a part and wait until it answers."""
        self.parts.start(program or part)
        question = readiness.QUESTIONS[part]
        self.parts.wait_until(lambda: question(self.layout), f"{part} answers", timeout=ANSWERS_WITHIN, every=0.5)
        self.ready_after[part] = time.time() - self.began

    def manage(self, principal: str, *arguments: str, also: str | None = None) -> None:
        """Run a management command under a Kafka account; raises Failed."""
        files = ["platform.env", f"kafka-{principal}.env", *([also] if also else [])]
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT, env=os.environ | variables(self.layout.secrets / file for file in files),
            text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip
        if done.returncode:
            raise Failed(f"manage.py {arguments[0]} ended with {done.returncode}:\n{done.stdout}")


def main() -> None:
    parser = argparse.ArgumentParser("python -m compose.native.cluster", description="Run the cluster on this machine.")
    parser.add_argument("what", choices=["up", "status", "down"])
    parser.add_argument(
        "--ports", type=int, default=19, choices=range(2, 32), metavar="2…31", help="the thousands of every port (19)"
    )
    parser.add_argument("--name", default="cluster", help="its folder under var: several may run beside each other")
    options = parser.parse_args()
    layout = Layout(ROOT / "var" / options.name, options.ports)
    try:
        {"up": up, "status": status, "down": down}[options.what](layout)
    except (DidNotStart, Failed, debian.NotInstalled) as error:
        sys.exit(str(error))


def up(layout: Layout) -> None:
    cluster = Cluster(layout)
    if cluster.parts.attach():
        console.print("The cluster runs already: `make cluster-status` tells how it is, `make cluster-down` stops it.")
        return
    for port in layout.ports.values():
        refuse_port_in_use(port)
    prepare(layout)
    # Anew: only now the programs are there whose names its supervisor is told.
    cluster = Cluster(layout)
    cluster.parts.begin()
    try:
        start_everything(cluster)
    except BaseException:
        console.print("Ending every process …")
        cluster.parts.end()
        raise
    show(cluster)


def prepare(layout: Layout) -> None:
    """Fetch what is missing, and write down what each part is told."""
    console.print("Fetching what is missing; making certificates and secrets …")
    layout.libraries.mkdir(parents=True, exist_ok=True)
    debian.install_if_missing(PROGRAMS)
    install_mysqlclient()
    libraries.lay_out(layout.libraries)
    debian.unpack(MYSQL_PACKAGES, layout.mysql)
    debian.unpack(MONITORING_PACKAGES, layout.monitoring)
    make_certificates(layout.certificates, configuration.CERTIFIED)
    configuration.configure_all(layout)


def install_mysqlclient() -> None:
    """Compile Django's driver for MySQL, for which there is no wheel."""
    requirements = ROOT / "requirements-mysql.txt"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if subprocess.run(
        [*pip, "--dry-run", "--no-index", "-r", requirements], capture_output=True, check=False
    ).returncode:
        debian.install_if_missing(COMPILING)
        subprocess.run([*pip, "-r", requirements], check=True)


def start_everything(cluster: Cluster) -> None:
    """Start all parts, each as soon as what it needs is there; raises what first went wrong."""
    console.print("Starting every part …")
    with ThreadPoolExecutor(12) as pool:
        kafka = pool.submit(start_kafka, cluster)
        mysql = pool.submit(start_mysql, cluster)
        registry = pool.submit(start_registry, cluster)
        search, redis = pool.submit(start_search, cluster), pool.submit(cluster.start, "redis")
        connect = pool.submit(after([kafka, mysql, registry], lambda: start_connect(cluster)))
        platform = pool.submit(after([kafka, mysql, registry, search, redis], lambda: start_platform(cluster)))
        monitoring = [
            *(pool.submit(cluster.start, part) for part in ("prometheus", "alertmanager")),
            pool.submit(cluster.start, "exporters", "exporters:*"),
        ]
        needed = [kafka, mysql, registry, search, redis, connect, platform, *monitoring]
        done, _ = wait(needed, return_when=FIRST_EXCEPTION)
        for future in done:
            future.result()


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
    configuration.run_sql(layout, configuration.COMPOSE / "mysql" / "accounts.sql")
    cluster.manage("monitor", "migrate", "--verbosity", "0", also="migrator.env")
    configuration.run_sql(layout, configuration.COMPOSE / "mysql" / "debezium.sql")
    logins = layout.secrets / "accounts.json"
    if not logins.exists():
        cluster.manage("monitor", "make_demo_accounts", "--write", str(logins))
    cluster.manage("monitor", "collectstatic", "--no-input", "--verbosity", "0")


def start_registry(cluster: Cluster) -> None:
    """The registry, which from its first schema on refuses what would break readers."""
    cluster.start("registry")
    rule = json.dumps({"compatibility": "BACKWARD"}).encode()
    url = f"{cluster.layout.address('registry')}/apis/ccompat/v7/config"
    request = Request(url, rule, {"Content-Type": "application/vnd.schemaregistry.v1+json"}, method="PUT")
    with urlopen(request, timeout=10):
        pass
    cluster.manage("monitor", "register_schemas")


def start_search(cluster: Cluster) -> None:
    cluster.start("elasticsearch")
    cluster.manage("monitor", "prepare_index")
    configuration.put_template(cluster.layout, "kafka-logs")
    cluster.parts.start("rsyslog")


def start_connect(cluster: Cluster) -> None:
    cluster.start("connect")
    cluster.manage("monitor", "deploy_connectors")
    cluster.parts.start("connect-watchdog")


def start_platform(cluster: Cluster) -> None:
    """API, workers and Celery."""
    optional = {"relay", "indexer"} - configuration.idle_workers()
    cluster.parts.start("celery:*", *optional)
    cluster.start("workers", "workers:*")
    cluster.start("monitor")
    cluster.start("api")


def show(cluster: Cluster) -> None:
    """Print where everything is, how to log in, and what it takes."""
    layout = cluster.layout
    logins = json.loads((layout.secrets / "accounts.json").read_text())
    memory = cluster.parts.memory()
    table = Table("part", Column("address", no_wrap=True), "ready after", "memory", title="Parts")
    for part, address in addresses(layout).items():
        mine = sum(size for name, size in memory.items() if name.rpartition("-")[0] == part or name == part)
        seconds = cluster.ready_after.get(part)
        table.add_row(part, address, f"{seconds:.0f} s" if seconds else "", f"{mine // MEGABYTE} MB")
    people = Table("account", "password", "sees", title="Logins")
    for name, login in logins.items():
        people.add_row(name, login["password"], login.get("sees", ""))
    console.print(table, people)
    write_addresses(layout, logins)
    seconds = time.time() - cluster.began
    started = {"all": seconds, "parts": cluster.ready_after, "memory": memory}
    (layout.var / STARTED).write_text(json.dumps(started, indent=2) + "\n")
    console.print(
        f"All parts were ready {seconds:.0f} s after the start, in {sum(memory.values()) // MEGABYTE:,} MB of memory."
    )
    console.print(
        f"{layout.addresses.relative_to(ROOT)} has the addresses and a token for each account. "
        "`make cluster-down` stops everything."
    )


def addresses(layout: Layout) -> dict[str, str]:
    return {
        "api": layout.address("api"),
        "kafka": layout.bootstrap_servers,
        "zookeeper": layout.zookeeper_connect,
        "registry": f"{layout.address('registry')}/apis/ccompat/v7",
        "connect": layout.address("connect"),
        "mysql": f"127.0.0.1:{layout.ports['mysql']}",
        "elasticsearch": layout.address("elasticsearch", "https"),
        "redis": f"127.0.0.1:{layout.ports['redis']}",
        "prometheus": layout.address("prometheus"),
        "alertmanager": layout.address("alertmanager"),
    }


def write_addresses(layout: Layout, logins: dict[str, Any]) -> None:
    """What curl or another Kafka client needs to join in."""
    places = {f"{part.upper()}_URL": address for part, address in addresses(layout).items()}
    people = {
        f"{name.upper()}_{what.upper()}": login[what]
        for name, login in logins.items()
        for what in ("password", "token")
    }
    supervisor = {"SUPERVISOR": f"unix://{layout.var}/supervisor.sock"}
    configuration.write_env(layout.addresses, places | people | supervisor)


def status(layout: Layout) -> None:
    """Print each process: its state, pid, uptime, memory, and whether its part does its work."""
    cluster = Cluster(layout)
    if not cluster.parts.attach():
        raise Failed("The cluster does not run: `make cluster` starts it.")
    processes = cluster.parts.rpc.getAllProcessInfo()
    memory = cluster.parts.memory()
    running = {part_of(each) for each in processes if each["statename"] == RUNNING}
    with ThreadPoolExecutor() as pool:
        asked = {name: pool.submit(ask, layout) for name, ask in readiness.QUESTIONS.items() if name in running}
    table = Table("process", "state", "pid", "up", "memory", "ready")
    for each in processes:
        if not each["start"]:
            continue
        up_for = str(timedelta(seconds=each["now"] - each["start"])) if each["pid"] else ""
        size = f"{memory.get(each['name'], 0) // MEGABYTE} MB" if each["pid"] else ""
        answer = asked.get(part_of(each))
        ready = "" if answer is None else "yes" if answer.result() else "[bold red]no[/]"
        table.add_row(each["name"], each["statename"], str(each["pid"] or ""), up_for, size, ready)
    console.print(table)
    if not all(answer.result() for answer in asked.values()):
        raise Failed(f"Some parts are not ready. Their logs are in {layout.var / 'log'}.")


def part_of(process: dict[str, Any]) -> str:
    """The part whose readiness speaks for a process."""
    return str(process["group"])


def down(layout: Layout) -> None:
    cluster = Cluster(layout)
    if not cluster.parts.attach():
        console.print("The cluster does not run.")
        return
    console.print("Ending every process …")
    cluster.parts.end()
    console.print(f"All processes have ended; the data stay in {layout.var.relative_to(ROOT)}.")


if __name__ == "__main__":
    main()
