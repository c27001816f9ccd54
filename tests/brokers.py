"""Three brokers as one cluster; only the first is a controller, so that the others can be frozen and killed."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from native.broker import HOST, LOCK_FILE, PROPERTIES, format_storage, java
from native.driving.embedded import free_ports, wait_until
from native.packages import artifacts

SMALL_HEAP = "-Xmx128m"
SETTINGS = """
num.partitions=6
default.replication.factor=3
min.insync.replicas=2
offsets.topic.replication.factor=3
offsets.topic.num.partitions=6
broker.session.timeout.ms=60000
"""
"""One that is frozen stays a leader for a minute, so that a test sees it."""


@dataclass(frozen=True)
class Cluster:
    addresses: str
    brokers: dict[int, subprocess.Popen[bytes]]


@contextmanager
def three_brokers(folder: Path) -> Iterator[Cluster]:
    controller, *ports = free_ports(4)
    addresses = {number: f"{HOST}:{port}" for number, port in enumerate(ports, start=1)}
    jars = artifacts.classpath(LOCK_FILE)
    brokers: dict[int, subprocess.Popen[bytes]] = {}
    with ExitStack() as ends:
        for number, address in addresses.items():
            properties = _properties(folder / str(number), number, address, controller)
            format_storage(properties, jars)
            log = ends.enter_context((folder / f"broker-{number}.log").open("w"))
            command = java("kafka.Kafka", str(properties), classpath=jars)
            brokers[number] = subprocess.Popen(
                [command[0], *(SMALL_HEAP if each.startswith("-Xmx") else each for each in command[1:])],
                stdout=log,
                stderr=subprocess.STDOUT,
            )
            ends.callback(_end, brokers[number])
        admin = AdminClient({"bootstrap.servers": addresses[1], "reconnect.backoff.max.ms": 200, "log_level": 0})
        wait_until(lambda: _count(admin) == len(addresses), "all brokers are there", timeout=120)
        yield Cluster(",".join(addresses.values()), brokers)


def _properties(folder: Path, number: int, address: str, controller: int) -> Path:
    file = folder / "server.properties"
    folder.mkdir(parents=True)
    is_first = number == 1
    listeners = f"PLAINTEXT://{address}" + (f",CONTROLLER://{HOST}:{controller}" if is_first else "")
    file.write_text(
        PROPERTIES.read_text()
        + SETTINGS
        + f"process.roles={'broker,controller' if is_first else 'broker'}\n"
        + f"node.id={number}\nlisteners={listeners}\nadvertised.listeners=PLAINTEXT://{address}\n"
        + f"controller.quorum.voters=1@{HOST}:{controller}\nlog.dirs={folder / 'log'}\n"
    )
    return file


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def _count(admin: AdminClient) -> int:
    try:
        return len(admin.list_topics(timeout=1).brokers)
    except KafkaException:
        return 0
