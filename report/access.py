"""Who may come in and who may not, as the running brokers show it: listeners, a TLS handshake, a refused right."""

import re
import socket
import ssl
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition
from confluent_kafka.admin import ConfigResource, ResourceType

from native.driving.embedded import wait_until
from native.driving.running import RunningCluster
from native.layout import HOST, NODES

CURIOUS, OF_NO_USE_TO_IT = "producer", "transactions"
"""The account that may write to this topic, and not read it."""
REFUSED = KafkaError.TOPIC_AUTHORIZATION_FAILED
Json = dict[str, Any]


def shown(cluster: RunningCluster) -> Json:
    """`listeners` by broker, the `handshake` with the first, and the `refusal` of a right that nobody granted."""
    return {
        "listeners": {f"kafka-{node}": listeners(cluster, node) for node in NODES},
        "handshake": handshake(cluster),
        "refusal": refusal(cluster),
    }


def listeners(cluster: RunningCluster, node: int) -> dict[str, Json]:
    """What a broker says of its listeners: name → protocol, mechanisms, whether clients show a certificate."""
    resource = ConfigResource(ResourceType.BROKER, str(node))
    (answer,) = cluster.admin.describe_configs([resource], request_timeout=30).values()
    settings = {name: str(entry.value) for name, entry in answer.result().items()}
    protocols = dict(each.split(":") for each in settings["listener.security.protocol.map"].split(","))
    return {
        name: {
            "protocol": protocols[name],
            "mechanisms": settings.get(f"listener.name.{name.lower()}.sasl.enabled.mechanisms", ""),
            "client_certificate": settings.get(f"listener.name.{name.lower()}.ssl.client.auth", "none"),
        }
        for name in re.findall("([A-Z]+)://", settings["listeners"])
    }


def handshake(cluster: RunningCluster) -> Json:
    """What a client that trusts the cluster's authority alone agrees on with a broker."""
    authority = ssl.create_default_context(cafile=str(cluster.layout.certificates / "ca.pem"))
    with (
        socket.create_connection((HOST, cluster.layout.ports["kafka 1"]), timeout=10) as plain,
        authority.wrap_socket(plain, server_hostname=HOST) as secure,
    ):
        certificate, cipher = secure.getpeercert() or {}, secure.cipher()
        return {
            "version": secure.version(),
            "cipher": cipher[0] if cipher else None,
            "subject": _names(certificate["subject"]),
            "issuer": _names(certificate["issuer"]),
            "valid_until": certificate["notAfter"],
        }


def _names(name: Any) -> str:
    return ", ".join(f"{key}={value}" for ((key, value),) in name)


def refusal(cluster: RunningCluster) -> Json:
    """What an account is told that reads a topic without the right to, and the line that the broker writes of it."""
    settings = cluster.login(CURIOUS) | {"group.id": CURIOUS, "enable.auto.commit": False}
    consumer, told = Consumer(settings), set[int]()
    try:
        consumer.assign([TopicPartition(OF_NO_USE_TO_IT, 0, OFFSET_BEGINNING)])
        # It has no right to a group either, and may be told of that first.
        wait_until(lambda: REFUSED in _heard(consumer, told), f"{CURIOUS} is refused", state=lambda: told)
    finally:
        consumer.close()
    wait_until(lambda: denials(cluster), "a broker wrote of the refusal")
    name = KafkaError(REFUSED).name()
    return {"account": CURIOUS, "topic": OF_NO_USE_TO_IT, "told": name, "line": denials(cluster)[-1]}


def _heard(consumer: Consumer, told: set[int]) -> set[int]:
    """Adds the code of the next error to those that a consumer was told before."""
    message = consumer.poll(1)
    if message:
        error = message.error()
        assert error is not None, "it was given a record"
        told.add(error.code())
    return told


def denials(cluster: RunningCluster) -> list[str]:
    """The brokers' lines about reading that this account was denied."""
    sign = re.compile(rf"User:{CURIOUS} is Denied [Oo]peration = READ.*{OF_NO_USE_TO_IT}", re.IGNORECASE)
    logs = (cluster.layout.var / "log" / f"kafka-{node}.log" for node in NODES)
    return [line for log in logs for line in log.read_text(errors="replace").splitlines() if sign.search(line)]
