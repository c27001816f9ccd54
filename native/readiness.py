"""Whether each part of the cluster does its work, by asking it."""

import json
import socket
import ssl
import subprocess
import urllib.request
from collections.abc import Callable

from confluent_kafka import ConsumerGroupState, KafkaException
from confluent_kafka.admin import AdminClient

from native.configuration.elasticsearch import basic
from native.layout import EXPORTERS, HOST, NODES, Layout
from native.loopback import urlopen
from native.packages import debian
from native.security.accounts import administrator, secret
from streaming.topology import EVERYWHERE

TIMEOUT_SECONDS = 2
Question = Callable[[Layout], bool]


def zookeeper(layout: Layout) -> bool:
    """Whether all nodes are in the quorum."""
    answers = [exchange(layout.ports[f"zookeeper {node}"], b"srvr") for node in NODES]
    return all(b"Mode: leader" in each or b"Mode: follower" in each for each in answers)


def kafka(layout: Layout) -> bool:
    """Whether all brokers are in the cluster."""
    try:
        admin: AdminClient = administrator(layout.broker_listeners, layout.certificates)
        return len(admin.list_topics(timeout=TIMEOUT_SECONDS).brokers) == len(NODES)
    except KafkaException:
        return False


def registry(layout: Layout) -> bool:
    return fetch(f"{layout.address('registry')}/apis/ccompat/v7/subjects") is not None


def connect(layout: Layout) -> bool:
    """Whether the worker has joined its group; it answers so only then."""
    return fetch(f"{layout.address('connect')}/connectors") is not None


def mysql(layout: Layout) -> bool:
    client = debian.command_of(layout.mysql, "usr/bin/mysql")
    options = [f"--defaults-extra-file={layout.secrets / 'mysql-root.cnf'}", "--execute", "SELECT 1"]
    return subprocess.run([*client, *options], capture_output=True, check=False).returncode == 0


def elasticsearch(layout: Layout) -> bool:
    health = fetch(
        f"{layout.address('elasticsearch', 'https')}/_cluster/health",
        login=("platform", secret(layout.secrets, "elasticsearch-platform")),
        authority=str(layout.certificates / "ca.pem"),
    )
    return health is not None and json.loads(health)["status"] in {"green", "yellow"}


def redis(layout: Layout) -> bool:
    login = f"AUTH {secret(layout.secrets, 'redis')}\r\nPING\r\nQUIT\r\n"
    return b"+PONG" in exchange(layout.ports["redis"], login.encode())


def prometheus(layout: Layout) -> bool:
    return fetch(f"{layout.address('prometheus')}/-/ready") is not None


def alertmanager(layout: Layout) -> bool:
    return fetch(f"{layout.address('alertmanager')}/-/ready") is not None


def exporters(layout: Layout) -> bool:
    """Whether each serves metrics, of its part or of its absence."""
    return all(fetch(f"{layout.address(f'{name} metrics')}/metrics") is not None for name in EXPORTERS)


def monitor(layout: Layout) -> bool:
    return fetch(f"{layout.address('monitor metrics')}/metrics") is not None


def api(layout: Layout) -> bool:
    return fetch(f"{layout.address('api')}/health/live") is not None


def workers(layout: Layout) -> bool:
    """Whether every worker has joined its consumer group."""
    groups = {worker.group for worker in EVERYWHERE if worker.group}
    # Not describe_consumer_groups: librdkafka may go on asking a former coordinator, or abort (librdkafka#4605).
    try:
        listed = administrator(layout.broker_listeners, layout.certificates).list_consumer_groups().result()
    except KafkaException:
        return False
    return groups <= {each.group_id for each in listed.valid or () if each.state == ConsumerGroupState.STABLE}


QUESTIONS: dict[str, Question] = {
    "zookeeper": zookeeper,
    "kafka": kafka,
    "registry": registry,
    "mysql": mysql,
    "connect": connect,
    "elasticsearch": elasticsearch,
    "redis": redis,
    "prometheus": prometheus,
    "alertmanager": alertmanager,
    "exporters": exporters,
    "monitor": monitor,
    "api": api,
    "workers": workers,
}


def exchange(port: int, question: bytes) -> bytes:
    """What a port answers until it hangs up; nothing if nobody listens."""
    answer = b""
    try:
        with socket.create_connection((HOST, port), timeout=TIMEOUT_SECONDS) as connection:
            connection.sendall(question)
            while received := connection.recv(4096):
                answer += received
    except OSError:
        pass  # what came until then is the answer
    return answer


def fetch(url: str, login: tuple[str, str] | None = None, authority: str | None = None) -> bytes | None:
    """The body of a page, or None if there is none."""
    request = urllib.request.Request(url)
    if login:
        request.add_header("Authorization", basic(*login))
    context = ssl.create_default_context(cafile=authority) if authority else None
    try:
        with urlopen(request, timeout=TIMEOUT_SECONDS, context=context) as response:
            return response.read()
    except OSError:
        return None
