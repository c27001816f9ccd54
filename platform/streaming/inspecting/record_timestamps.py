"""Since when a record waits to be read."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from itertools import zip_longest
from threading import Lock
from time import monotonic
from typing import Any

from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

from streaming import clients, message_fields
from streaming.partitioner import Partition

Position = tuple[str, int, int]
"""(topic, partition, offset)"""

TIMEOUT_SECONDS = 1.0
READ_COMMITTED, READ_UNCOMMITTED = "read_committed", "read_uncommitted"
_one_at_a_time = Lock()


def received_at(
    positions: Iterable[Position], timeout: float = TIMEOUT_SECONDS, *, isolation: str = READ_COMMITTED
) -> dict[Position, datetime | None]:
    """When the broker received the first record at or after each position; None: there is none for readers.

    isolation: whether records of open transactions are read, too. What cannot be read in time is left out: an answer
    without an age is worth more than a late one.
    """
    rounds = _rounds(positions)
    patience = monotonic() + timeout
    times: dict[Position, datetime | None] = {}
    with _one_at_a_time:
        for each in rounds:
            times |= _read_first(reader(isolation), each, patience)
    return times


def _rounds(positions: Iterable[Position]) -> list[list[Position]]:
    """The positions in lists that name each partition once, since a consumer stands at one offset of a partition."""
    by_partition: dict[Partition, list[Position]] = defaultdict(list)
    for position in sorted(set(positions)):
        by_partition[position[:2]].append(position)
    return [[each for each in round_ if each] for round_ in zip_longest(*by_partition.values())]


@cache
def reader(isolation: str) -> Consumer:
    """A consumer that is given its partitions and never commits, so that no group of its name comes to be."""
    small: dict[str, Any] = {"fetch.wait.max.ms": 20, "max.partition.fetch.bytes": 1024, "enable.partition.eof": True}
    return clients.consumer("monitoring", **small, **{"isolation.level": isolation})


def _read_first(consumer: Consumer, positions: list[Position], patience: float) -> dict[Position, datetime | None]:
    waiting = {position[:2]: position for position in positions}
    times: dict[Position, datetime | None] = {}
    consumer.assign([TopicPartition(*position) for position in positions])
    while waiting and (left := patience - monotonic()) > 0:
        message = consumer.poll(left)
        # Records that follow a partition's first come too, and are passed over.
        if message is None or (position := waiting.pop((str(message.topic()), _number(message)), None)) is None:
            continue
        error = message.error()
        if error is None:
            if (received := message_fields.received_at(message)) is not None:
                times[position] = received
        elif error.code() == KafkaError._PARTITION_EOF:
            times[position] = None
        else:
            clients.log.warning("the age of lag in %s[%s] could not be read: %s", *position[:2], error)
    consumer.unassign()
    return times


def _number(message: Message) -> int:
    partition = message.partition()
    return -1 if partition is None else partition
