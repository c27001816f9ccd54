"""Two clients of Kafka by others, each with its own ways: librdkafka, which places keys by CRC32, and aiokafka."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from functools import partial

from aiokafka import AIOKafkaProducer
from confluent_kafka import KafkaError, Message, Producer

from tests.survival.hostility import Sent

Origins = dict[str, Sent]
"""topic[partition]@offset → what stands there"""

LIMIT = 10_000_000
AT_ONCE = 1000


def send_by_librdkafka(broker: str, records: Sequence[Sent]) -> Origins:
    """Send records in order, with a producer for each codec; gives where each came to stand."""
    base = {"bootstrap.servers": broker, "message.max.bytes": LIMIT, "linger.ms": 20, "enable.idempotence": True}
    producers = {codec: Producer(base | {"compression.type": codec}) for codec in {each.codec for each in records}}
    stands: Origins = {}

    def report(sent: Sent, error: KafkaError | None, message: Message) -> None:
        assert error is None, (error, sent.topic, len(sent.value or b""))
        stands[f"{message.topic()}[{message.partition()}]@{message.offset()}"] = sent

    for sent in records:
        _patiently(producers[sent.codec], sent, partial(report, sent))
    assert [producer.flush(60) for producer in producers.values()] == [0] * len(producers)
    return stands


def _patiently(producer: Producer, sent: Sent, report: Callable[[KafkaError | None, Message], None]) -> None:
    while True:
        try:
            producer.produce(
                sent.topic,
                sent.value,
                sent.key,
                timestamp=sent.millis or 0,
                headers=list(sent.headers),
                on_delivery=report,
            )
        except BufferError:
            producer.poll(0.1)
        else:
            producer.poll(0)
            return


def send_by_aiokafka(broker: str, records: Sequence[Sent]) -> Origins:
    """Likewise."""
    return asyncio.run(_send(broker, records))


async def _send(broker: str, records: Sequence[Sent]) -> Origins:
    stands: Origins = {}
    codecs = {each.codec for each in records}
    producers = {
        codec: AIOKafkaProducer(
            bootstrap_servers=broker,
            compression_type=None if codec == "none" else codec,
            linger_ms=20,
            max_request_size=LIMIT,
            enable_idempotence=True,
        )
        for codec in codecs
    }
    async with AsyncExitStack() as running:
        for producer in producers.values():
            await running.enter_async_context(producer)
        for start in range(0, len(records), AT_ONCE):
            part = records[start : start + AT_ONCE]
            under_way = [
                await producers[each.codec].send(
                    each.topic, each.value, _key(each), timestamp_ms=each.millis, headers=each.headers
                )
                for each in part
            ]
            for sent, told in zip(part, await asyncio.gather(*under_way), strict=True):
                stands[f"{told.topic}[{told.partition}]@{told.offset}"] = sent
    return stands


def _key(sent: Sent) -> bytes | None:
    """This client wants a key for a tombstone."""
    return b"" if sent.key is None and sent.value is None else sent.key
