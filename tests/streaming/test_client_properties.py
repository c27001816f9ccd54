"""KAFKA_ variables that Kubernetes and Kafka's own tools set stop nothing; a mistake in our own file still does."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from native.driving.embedded import ROOT, Platform
from streaming import client_properties

OF_OTHERS = {
    "KAFKA_HOME": "/opt/kafka",
    "KAFKA_PORT": "tcp://10.96.0.12:9092",
    "KAFKA_SERVICE_HOST": "10.96.0.12",
    "KAFKA_SERVICE_PORT": "9092",
    "KAFKA_SERVICE_PORT_TCP_CLIENTS": "9092",
    "KAFKA_PORT_9092_TCP": "tcp://10.96.0.12:9092",
    "KAFKA_PORT_9092_TCP_ADDR": "10.96.0.12",
    "KAFKA_HEAP_OPTS": "-Xmx1G",
    "KAFKA_OPTS": "-javaagent:/opt/agent.jar",
    "KAFKA_LOG4J_OPTS": "-Dlog4j.configuration=file:/etc/log4j.properties",
    "KAFKA_JMX_OPTS": "-Dcom.sun.management.jmxremote",
    "KAFKA_VERSION": "3.9.0",
    "KAFKA_BROKER_ID": "1",
    "KAFKA_ZOOKEEPER_CONNECT": "zookeeper:2181",
    "KAFKA_LOGGER": "x",
    "KAFKA_OPAQUE": "x",
    "KAFKA_DEFAULT_TOPIC_CONFIG": "x",
    "KAFKA_": "x",
}


def test_what_others_set_stops_no_process_and_is_told_once(kafka: AdminClient, platform_processes: Platform) -> None:
    platform_processes.environment |= OF_OTHERS
    told = platform_processes.run("run_producer", "--rate", "50", "--count", "2")
    assert told.count("ignored, since librdkafka has no such properties") == 1
    assert "KAFKA_HOME" in told


@pytest.mark.parametrize(
    ("name", "value", "is_one"),
    [
        ("sasl.username", "shop", True),
        ("acks", "all", True),
        ("session.timeout.ms", "not a number", True),
        ("security.protocol", "PLAIN", True),
        ("log_level", 0, True),
        ("home", "/opt/kafka", False),
        ("port.9092.tcp.addr", "10.96.0.12", False),
        ("logger", "x", False),
    ],
)
def test_librdkafka_knows_its_properties_whatever_their_values(name: str, value: object, is_one: bool) -> None:
    assert (client_properties.known({name: value}) == {name: value}) == is_one


@pytest.mark.parametrize("mistake", ["KAFKA_SASL_USERNAM=shop", "KAFKA_SECURITY_PROTOCL=SASL_SSL"])
def test_a_mistake_in_the_settings_file_stops_the_start(tmp_path: Path, mistake: str) -> None:
    file = tmp_path / "own.env"
    file.write_text((ROOT / "compose" / "embedded.env").read_text() + f"{mistake}\n")
    environment = os.environ | {"PLATFORM_ENV": str(file), "SECRET_KEY": "of a test"}
    done = subprocess.run(
        [sys.executable, "manage.py", "create_topics"],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode != 0
    assert "No such configuration property" in done.stderr.splitlines()[-1]
