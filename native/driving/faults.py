"""Faults of a running cluster, each there for as long as it is entered, and mended afterwards."""

import json
import os
import signal
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread

from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin import AdminClient, NewTopic
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from native.driving.embedded import wait_until
from native.driving.running import RunningCluster
from native.packages import debian

LEFT_ALONE = "drill.left-alone"
"""A topic with one replica."""
UNPLACEABLE = "transactions-drill"
"""An index that no node may hold, under a name that the account `platform` may use."""


@contextmanager
def in_background(work: Callable[[], object], pause: float = 0.0) -> Iterator[None]:
    """Do something again and again."""
    ended = Event()

    def keep_on() -> None:
        while not ended.is_set():
            work()
            ended.wait(pause)

    thread = Thread(target=keep_on)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@contextmanager
def stopped(cluster: RunningCluster, *names: str) -> Iterator[None]:
    """Processes that do not run."""
    for name in names:
        cluster.stop(name)
    try:
        yield
    finally:
        for name in names:
            cluster.start(name)
        for name in names:
            cluster.wait_ready(cluster.process(name)["group"])


# --- Kafka ------------------------------------------------------------------------------------------------------------
@contextmanager
def broker_away(cluster: RunningCluster, node: int) -> Iterator[None]:
    """A broker that does not run, and a topic whose only replica it has."""
    made = cluster.admin.create_topics([NewTopic(LEFT_ALONE, 1, replica_assignment=[[node]])])
    made[LEFT_ALONE].result(30)
    try:
        with stopped(cluster, f"kafka-{node}"):
            yield
    finally:
        cluster.admin.delete_topics([LEFT_ALONE])[LEFT_ALONE].result(30)


@contextmanager
def no_controller(cluster: RunningCluster) -> Iterator[None]:
    """The controller's broker is killed while ZooKeeper has no quorum that could elect another."""
    node = cluster.admin.describe_cluster().result(30).controller.id
    broker = f"kafka-{node}"
    nodes = [name for name in ("zookeeper-1", "zookeeper-2", "zookeeper-3") if name != cluster.zookeeper_leader()]
    with ExitStack() as mended:
        mended.enter_context(stopped(cluster, nodes[0], cluster.zookeeper_leader()))
        pid = cluster.process(broker)["pid"]
        # Stopped, so that the supervisor leaves it; killed, since it would wait for ZooKeeper.
        cluster.parts.rpc.stopProcess(cluster.full_name(broker), False)
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: cluster.process(broker)["pid"] == 0, f"{broker} has ended")
        try:
            yield
        finally:
            mended.close()
            cluster.start(broker)
            cluster.wait_ready("kafka")


@contextmanager
def wrong_passwords(cluster: RunningCluster) -> Iterator[None]:
    """A client that tries to log in with a wrong password again and again."""
    client = AdminClient(
        cluster.login("recorder", "guessed") | {"reconnect.backoff.ms": 100, "reconnect.backoff.max.ms": 500}
    )

    def try_again() -> None:
        with suppress(KafkaException):
            client.list_topics(timeout=1)

    with in_background(try_again):
        yield


@contextmanager
def unreadable_records(cluster: RunningCluster) -> Iterator[None]:
    """Records that are no events."""
    producer = Producer(cluster.super_user | {"partitioner": "murmur2_random"})
    for number in range(3):
        producer.produce("transactions", b"no event", key=str(number))
    assert producer.flush(30) == 0
    yield


@contextmanager
def slow_worker(cluster: RunningCluster, tmp_path: Path) -> Iterator[None]:
    """The notifier takes one record at a time, and more come in than it can take so, all into one partition."""
    cluster.stop("notifier")
    port = str(cluster.layout.ports["notifier metrics"])
    arguments = ["--instance", "0", "--batch-size", "1", "--metrics-port", port]
    slow = cluster.begin("notifier", "run_notifier", *arguments, log=tmp_path / "slow-notifier.log")
    # An order that every worker knows already: it is passed over, and takes its time.
    known = next(each for each in cluster.read_topic("transactions") if (each.value() or b"").startswith(b"\0"))
    producer = Producer(cluster.super_user | {"partitioner": "murmur2_random", "linger.ms": 50})

    def send_some() -> None:
        for _ in range(100):
            producer.produce("transactions", known.value(), key=known.key(), partition=known.partition() or 0)
        assert producer.flush(30) == 0

    try:
        with in_background(send_some, pause=0.1):
            yield
    finally:
        slow.terminate()
        slow.wait(60)
        cluster.start("notifier")


# --- Connect ----------------------------------------------------------------------------------------------------------
def connect(cluster: RunningCluster, method: str, path: str) -> None:
    request = urllib.request.Request(f"{cluster.layout.address('connect')}/connectors/{path}", method=method)
    with urllib.request.urlopen(request, timeout=60):
        pass


@contextmanager
def debezium_locked_out(cluster: RunningCluster) -> Iterator[None]:
    """One connector is paused; MySQL refuses the other one, as after a change of its password."""
    connect(cluster, "PUT", "transactions-cdc/pause")
    cluster.sql("ALTER USER 'debezium'@'%' ACCOUNT LOCK")
    connect(cluster, "POST", "outbox/tasks/0/restart")
    try:
        # The API goes on, and what it records waits.
        for number in range(3):
            body = {"user_id": number + 1, "amount": "12.34", "status": "SUCCESS"}
            assert cluster.call("shop", "POST", "/transactions", body)[0] == 201
        yield
    finally:
        cluster.sql("ALTER USER 'debezium'@'%' ACCOUNT UNLOCK")
        connect(cluster, "POST", "outbox/restart?includeTasks=true")
        connect(cluster, "PUT", "transactions-cdc/resume")


# --- Stores -----------------------------------------------------------------------------------------------------------
@contextmanager
def locked_table(cluster: RunningCluster, table: str, mode: str = "READ") -> Iterator[None]:
    """A session of MySQL's root that holds a table; READ: others may read it, WRITE: nobody may."""
    client = debian.command_of(cluster.layout.mysql, "usr/bin/mysql")
    session = subprocess.Popen(
        [*client, f"--defaults-extra-file={cluster.layout.secrets / 'mysql-root.cnf'}", "--unbuffered",
         "--batch", "--skip-column-names", "shop"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert session.stdin
    assert session.stdout
    session.stdin.write(f"LOCK TABLES {table} {mode}; SELECT 'locked';\n")
    session.stdin.flush()
    assert session.stdout.readline() == "locked\n"
    try:
        yield
    finally:
        session.communicate("UNLOCK TABLES;\n", timeout=30)


@contextmanager
def unplaceable_index(cluster: RunningCluster) -> Iterator[None]:
    settings = {"number_of_replicas": 0, "routing.allocation.require._name": "nobody"}
    path = f"/{UNPLACEABLE}?wait_for_active_shards=0"
    cluster.elasticsearch(path, {"settings": {"index": settings}}, method="PUT")
    try:
        yield
    finally:
        cluster.elasticsearch(f"/{UNPLACEABLE}", method="DELETE")


@contextmanager
def damaged_total(cluster: RunningCluster, tmp_path: Path) -> Iterator[None]:
    """Somebody has changed an hourly total by hand; the reconciliation finds it, and mends it."""
    arguments = ["reconcile", "--only", "totals", "--settle", "5"]
    wait_until(lambda: cluster.sql("SELECT 1 FROM analytics_hourlytotal LIMIT 1"), "there are totals")
    cluster.sql("UPDATE analytics_hourlytotal SET total_cents = total_cents + 1 ORDER BY hour, user_id LIMIT 1")
    try:
        assert cluster.begin("reconciler", *arguments, log=tmp_path / "reconcile.log").wait(120) == 1
        yield
    finally:
        cluster.manage("reconciler", *arguments, "--repair")


# --- Prometheus -------------------------------------------------------------------------------------------------------
@contextmanager
def untargeted(cluster: RunningCluster, job: str) -> Iterator[None]:
    """Prometheus is told of no target of a job, as by Docker of one without a container."""
    file = cluster.layout.var / "prometheus" / "targets" / "cluster.json"
    whole = file.read_text()
    others = [each for each in json.loads(whole) if each["labels"]["job"] != job]
    try:
        _put(file, json.dumps(others))
        yield
    finally:
        _put(file, whole)


def _put(file: Path, text: str) -> None:
    """In one piece: Prometheus reads it as soon as it changes."""
    beside = file.with_suffix(".part")
    beside.write_text(text)
    beside.replace(file)


# --- Certificates -----------------------------------------------------------------------------------------------------
@contextmanager
def certificate_that_ends_soon(cluster: RunningCluster) -> Iterator[None]:
    """In the place of MySQL's, of which MySQL has a copy of its own."""
    file = cluster.layout.certificates / "mysql.pem"
    real = file.read_bytes()
    file.write_bytes(self_signed(days=10))
    try:
        yield
    finally:
        file.write_bytes(real)


def self_signed(days: int) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "forged")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=days))
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
