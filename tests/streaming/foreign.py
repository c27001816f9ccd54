"""Somebody else's client of Kafka: it knows nothing of the platform but its topics."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import confluent_kafka.cimpl
from confluent_kafka import KafkaError, Message, Producer

Headers = list[tuple[str, str | bytes | None]]


def send(
    broker: str,
    topic: str,
    *values: bytes | None,
    key: bytes | None = b"7",
    headers: Headers | None = None,
    **options: Any,
) -> list[int]:
    """Send values with a client that takes whatever size; gives their offsets. options: of the client."""
    producer = Producer({"bootstrap.servers": broker, "message.max.bytes": 1_000_000_000, "linger.ms": 50} | options)
    offsets: list[int] = []

    def report(error: KafkaError | None, message: Message) -> None:
        assert error is None, error
        offsets.append(int(message.offset() or 0))

    for value in values:
        producer.produce(topic, value, key, headers=headers or [], on_delivery=report)
    assert producer.flush(30) == 0
    return offsets


TOPIC, PARTITION, VALUE, KEY, FLAGS, HEADER, END = 1, 3, 4, 5, 7, 9, 0
COPY = 2


def send_with_header(broker: str, topic: str, value: bytes, name: bytes) -> None:
    """Send a value to partition 0 with a header of any name: Python's client wants UTF-8, Kafka and others do not."""
    with _client(broker) as (library, client):
        text, size, number = ctypes.c_char_p, ctypes.c_ssize_t, ctypes.c_int
        failed = library.rd_kafka_producev(
            client,
            number(TOPIC), text(topic.encode()),
            number(PARTITION), ctypes.c_int32(0),
            number(VALUE), text(value), size(len(value)),
            number(HEADER), text(name), text(b"x"), size(1),
            number(FLAGS), number(COPY),
            number(END),
        )  # fmt: skip
        assert not failed
        assert library.rd_kafka_flush(client, 10_000) == 0


@contextmanager
def _client(broker: str) -> Iterator[tuple[Any, Any]]:
    library = ctypes.CDLL(confluent_kafka.cimpl.__file__)
    for name in ("rd_kafka_conf_new", "rd_kafka_new"):
        getattr(library, name).restype = ctypes.c_void_p
    why = ctypes.create_string_buffer(512)
    settings = ctypes.c_void_p(library.rd_kafka_conf_new())
    assert library.rd_kafka_conf_set(settings, b"bootstrap.servers", broker.encode(), why, len(why)) == 0, why.value
    client = ctypes.c_void_p(library.rd_kafka_new(0, settings, why, len(why)))
    assert client, why.value
    try:
        yield library, client
    finally:
        library.rd_kafka_destroy(client)
