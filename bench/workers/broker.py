"""What a measurement asks of the broker: to hold orders, how far groups are, and what peers have written."""

import io
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import fastavro
import numpy as np
import psutil
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from bench.workers.orders import HOUR_MS, TOTAL, Orders, Totals
from native.driving.embedded import ROOT, wait_until
from streaming.inspecting.lag import end_offsets
from streaming.schemas.ids import FingerprintIds, load_schema

ORDERS = "transactions"
SCHEMAS = ROOT / "schemas"
DELIVERY_SECONDS = 120
ASK_SECONDS = 10
START_SECONDS = 60
PAUSE_SECONDS = 0.1
NOT_YET = {
    KafkaError.NOT_COORDINATOR,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError._TIMED_OUT,
}
"""what comes of asking a broker for a group that does not keep any yet, since it has just been started"""
MANY = 10_000
SUMS = np.dtype([("user", ">i8"), ("hour", ">i8"), ("cents", ">i8"), ("count", ">i8")])
"""what Streams writes of a total: a key and a value, of two numbers each"""


class NotLoaded(RuntimeError):
    """The topic does not hold what was sent to it."""


class Broker:
    """A broker that has nothing but the platform's topics, and those of peers."""

    def __init__(self, address: str, partitions: int) -> None:
        self.address = address
        self.partitions = partitions
        self._admin = AdminClient(self._options | {"log_level": 0})

    def close(self) -> None:
        """Before the broker ends: a client that outlives it may wait for it."""
        del self._admin

    @property
    def _options(self) -> dict[str, str | int | float | bool]:
        return {"bootstrap.servers": self.address}

    def fill(self, orders: Orders) -> None:
        """Have these orders, and no others, in the topic of orders; raises NotLoaded."""
        options = {
            "linger.ms": 50, "compression.type": "lz4", "batch.size": 256 << 10, "enable.idempotence": True,
            "queue.buffering.max.messages": 500_000, "log_level": 3,
        }  # fmt: skip
        producer = Producer(self._options | options)
        for (key, value), home in zip(encoded(orders), orders.homes.tolist(), strict=True):
            while True:
                try:
                    producer.produce(ORDERS, value, key, partition=home)
                    break
                except BufferError:
                    producer.poll(0.1)
        left = producer.flush(DELIVERY_SECONDS)
        if left or self.ends(ORDERS) != orders.ends:
            raise NotLoaded(f"The topic holds {self.ends(ORDERS)} instead of {orders.ends}; {left} are on their way.")

    def ends(self, topic: str) -> dict[int, int]:
        """How many records each partition has had."""
        found = end_offsets(self._admin, [(topic, number) for number in range(self.partitions)])
        return {partition: end for (_, partition), end in found.items()}

    def make(self, topic: str) -> None:
        """A topic of a peer's."""
        for made in self._admin.create_topics([NewTopic(topic, self.partitions, 1)]).values():
            made.result()

    def forget_topics(self, prefix: str) -> None:
        """Delete the topics of a peer, its own and those that we made for it."""
        names = [name for name in self._admin.list_topics(timeout=START_SECONDS).topics if name.startswith(prefix)]
        for deleted in self._admin.delete_topics(names).values() if names else ():
            deleted.result()

    def forget_group(self, group: str) -> None:
        """Have nobody know how far a group was; its members may be about to go."""
        wait_until(lambda: self._is_forgotten(group), f"the group {group} is forgotten")

    def _is_forgotten(self, group: str) -> bool:
        try:
            self._admin.delete_consumer_groups([group])[group].result()
        except KafkaException as error:
            if error.args[0].code() == KafkaError.GROUP_ID_NOT_FOUND:
                return True
            if error.args[0].code() in {KafkaError.NON_EMPTY_GROUP, *NOT_YET}:
                return False
            raise
        return True

    def is_shared(self, group: str, members: int) -> bool:
        """Whether so many members share the partitions among them, and none of them waits for others."""
        # Deprecated, but it asks at once: describe_consumer_groups() may leave something behind where a broker does not
        # answer in time, and the client then never ends.
        try:
            groups = self._admin.list_groups(group, timeout=ASK_SECONDS)
        except KafkaException as error:
            if error.args[0].code() in NOT_YET:
                return False
            raise
        return [(str(found.state), len(found.members)) for found in groups] == [("Stable", members)]

    def process(self) -> psutil.Process:
        """Its own: that one of those we have started which listens."""
        port = int(self.address.rpartition(":")[2])
        return next(
            child
            for child in psutil.Process().children()
            if any(each.status == psutil.CONN_LISTEN and each.laddr.port == port for each in child.net_connections())
        )

    @contextmanager
    def onlooker(self, group: str) -> Iterator["Onlooker"]:
        """Somebody who sees how far a group is without being its member."""
        with closing(Consumer(self._options | {"group.id": group, "enable.auto.commit": False})) as consumer:
            yield Onlooker(consumer, group, self.partitions)

    def count(self, topic: str) -> int:
        """How many records a peer has written for good."""
        return sum(len(messages) for messages in self._read(topic))

    def totals(self, topic: str) -> Totals:
        """What Streams has written for good: of each user and hour the last. Settled and failed stay 0."""
        written = np.frombuffer(b"".join(map(content, self._read(topic))), SUMS)[::-1]
        _, last = np.unique(written["user"] << 32 | written["hour"] // HOUR_MS, return_index=True)
        found = np.zeros(len(last), TOTAL)
        for name in ("user", "cents", "count"):
            found[name] = written[name][last]
        found["hour"] = written["hour"][last] // HOUR_MS
        return found

    def _read(self, topic: str) -> Iterator[list[Message]]:
        with self.reader(topic, **{"enable.partition.eof": True}) as consumer:
            unread = self.partitions
            while unread:
                messages = consumer.consume(MANY, ASK_SECONDS)
                errors = [error for message in messages if (error := message.error())]
                if bad := [error for error in errors if error.code() != KafkaError._PARTITION_EOF] or not messages:
                    raise KafkaException(bad)
                unread -= len(errors)
                yield [message for message in messages if not message.error()]

    @contextmanager
    def reader(self, topic: str, **more: Any) -> Iterator[Consumer]:
        """A consumer, outside of all groups, of what is written for good to a peer's topic, from its beginning."""
        options = self._options | {"group.id": "onlooker", "enable.auto.commit": False} | more
        with closing(Consumer(options | {"isolation.level": "read_committed"})) as consumer:
            consumer.assign([TopicPartition(topic, number, 0) for number in range(self.partitions)])
            yield consumer


def content(messages: Iterable[Message]) -> bytes:
    """Keys and values, one after another; raises KafkaException."""
    return b"".join(part for message in messages for part in _content(message))


def _content(message: Message) -> tuple[bytes, bytes]:
    if error := message.error():
        raise KafkaException(error)
    key, value = message.key(), message.value()
    assert isinstance(key, bytes)
    assert isinstance(value, bytes)
    return key, value


class Onlooker:
    """How far one group is."""

    def __init__(self, consumer: Consumer, group: str, partitions: int) -> None:
        self.group = group
        self._consumer = consumer
        self._partitions = [TopicPartition(ORDERS, number) for number in range(partitions)]

    def committed(self) -> dict[int, int]:
        """By partition, those that have committed anything."""
        given_up = time.monotonic() + START_SECONDS
        while True:
            try:
                found = self._consumer.committed(self._partitions, timeout=ASK_SECONDS)
                break
            except KafkaException as error:
                # A broker that has just been started may not keep the group's offsets yet.
                if error.args[0].code() not in NOT_YET or time.monotonic() > given_up:
                    raise
                time.sleep(PAUSE_SECONDS)
        return {each.partition: each.offset for each in found if each.offset > 0}

    def done(self) -> int:
        return sum(self.committed().values())


def schema_id() -> int:
    """Of the schema of orders, as our workers derive it."""
    return FingerprintIds(SCHEMAS).id_of(load_schema(SCHEMAS / "transaction.avsc"))


def encoded(orders: Orders) -> Iterable[tuple[bytes, bytes]]:
    """Key and value of each, as the platform's own producers write them."""
    schema, head = load_schema(SCHEMAS / "transaction.avsc"), b"\0" + schema_id().to_bytes(4, "big")
    out = io.BytesIO()
    for order_id, user, cents, status, millis in orders.rows():
        out.seek(0)
        out.truncate()
        out.write(head)
        order = {"order_id": order_id, "user_id": user, "amount": cents / 100, "status": status, "timestamp": millis}
        fastavro.schemaless_writer(out, schema, order)
        yield str(user).encode(), out.getvalue()
