"""Which names librdkafka knows as properties of its clients, asked of itself. No Django here.

Kubernetes sets KAFKA_PORT and KAFKA_SERVICE_HOST beside a service named kafka, and Kafka's own tools are given their
options by KAFKA_HEAP_OPTS, KAFKA_OPTS and the like: those are addressed to others.
"""

from collections.abc import Mapping
from typing import Any

from confluent_kafka import KafkaException, Producer

NOBODYS = "no.such.property"
# What the Python client keeps for itself, and wants as objects.
OBJECTS = {"logger", "default.topic.config"}


def unknown(given: Mapping[str, object]) -> list[str]:
    """The names among these properties that are none, or none that can be set as text."""
    return [name for name, value in given.items() if not _is_property(name, value)]


def known(given: Mapping[str, Any]) -> dict[str, Any]:
    """Those of these properties that librdkafka knows, whatever it thinks of their values."""
    others = set(unknown(given))
    return {name: value for name, value in given.items() if name not in others}


def _is_property(name: str, value: object) -> bool:
    if name in OBJECTS:
        return False
    try:
        # Properties are taken one after another, and the second is refused: so no client is ever made.
        Producer({name: value, NOBODYS: ""})
    except KafkaException as refused:
        none = f'No such configuration property: "{name}"'
        return not str(refused.args[0].str()).startswith((none, f'Property "{name}" must', "Internal property"))
    raise AssertionError(f"librdkafka takes {NOBODYS} for a property.")
