"""Records that lie on a partition on which their user does not belong, since their producer places keys otherwise.

Nobody counts them where they lie. One consumer group, the recorder, sends them on to where they belong, and there every
group takes them in the same order. Sending twice, after a crash, is recognised as any other repetition is.
"""

from collections import Counter as Tally
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import structlog
from confluent_kafka import Producer
from prometheus_client import Counter

from streaming import clients
from streaming.clients import Outgoing, send_all
from streaming.consuming.refusing import handle_and_refuse
from streaming.partitioner import Homes
from streaming.records import Batch, Record, records_of
from streaming.telemetry.metrics import REGISTRY
from streaming.topics import Topic

log = structlog.get_logger(__name__)

ORIGIN = "misplaced.origin"
"""header of what was sent on: where it lay, as topic[partition]@offset; for people, nothing believes it"""
TIMEOUT_SECONDS = 10.0
ADVICE = (
    "Java's clients place keys right by themselves; tell librdkafka's partitioner=murmur2_random, others murmur2; "
    "the key is the user id in decimal digits."
)

SENT_ON = Counter(
    "platform_worker_misplaced_records",
    "Records sent on to the partition of their user, where their producer had not put them.",
    ["topic", "partition"],
    registry=REGISTRY,
)

Handle = Callable[[Batch[Any]], None]
PassOn = Callable[[Sequence[Record[Any]]], None]


def at_home(handle: Handle, homes: Homes, pass_on: PassOn) -> Handle:
    """A handler that is given only records which lie where their user belongs.

    pass_on: takes the others of the topic `transactions`, before the batch is handled. On other topics only the
    platform's own outbox writes, which places keys right: what is misplaced there was written by somebody else, and is
    refused (InvalidRecords).
    """

    def handle_home(batch: Batch[Any]) -> None:
        home, misplaced = _split(batch, homes)
        if not misplaced:
            return handle(batch)
        pass_on([record for record in misplaced if record.topic == Topic.TRANSACTIONS])
        refused = [(record, _why(record)) for record in misplaced if record.topic != Topic.TRANSACTIONS]
        return handle_and_refuse(home, handle, refused)

    return handle_home


def _split(batch: Batch[Any], homes: Homes) -> tuple[Batch[Any], list[Record[Any]]]:
    home: list[Record[Any]] = []
    misplaced: list[Record[Any]] = []
    for record in batch.records:
        at_home = homes.is_home(record.topic, record.partition, record.event.user_id)
        (home if at_home else misplaced).append(record)
    if (orders := batch.orders) is None:
        return Batch(home), misplaced
    others = orders.elsewhere(homes.partitions(orders.topic), partial(homes.is_home, orders.topic))
    if len(others):
        misplaced += records_of(orders.only(others))
        orders = orders.without(others.tolist())
    return Batch(home, orders), misplaced


def _why(record: Record[Any]) -> str:
    return f"it lies on partition {record.partition}, on which user {record.event.user_id} does not belong"


def leave(misplaced: Sequence[Record[Any]]) -> None:
    """For groups that take what was sent on, when it comes."""


def sender_on(producer: Producer) -> PassOn:
    """Sends records on to where their users belong, and waits until the broker has them; raises NotDelivered."""
    return partial(_send_on, producer)


def _send_on(producer: Producer, misplaced: Sequence[Record[Any]]) -> None:
    if not misplaced:
        return
    encode = clients.codec().encode
    send_all(
        producer,
        (
            Outgoing(
                record.topic,
                str(record.event.user_id).encode(),
                encode(record.event),
                [(ORIGIN, record.stands_at.encode())],
            )
            for record in misplaced
        ),
    )
    for (topic, number), count in Tally((record.topic, record.partition) for record in misplaced).items():
        SENT_ON.labels(topic, number).inc(count)
    log.warning("records lay on partitions of other users, and were sent on", records=len(misplaced), advice=ADVICE)


def partition_count(topic: str) -> int:
    """How many partitions a topic has, as the cluster says now."""
    return len(clients.admin().list_topics(timeout=TIMEOUT_SECONDS).topics[topic].partitions)
