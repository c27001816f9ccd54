"""A log with one consumer group, in memory or on a real broker: the worker's loop must not tell them apart."""

from collections.abc import Callable
from typing import Any, Protocol

from confluent_kafka import Message, TopicPartition
from confluent_kafka.admin import AdminClient
from django.conf import settings

from streaming import clients
from streaming.clients import Outgoing, send_all
from streaming.inspecting.lag import committed_offsets, unread
from streaming.partitioner import home_of
from streaming.topics import Topic

GROUP = "under-test"
Value = bytes | None


class Log(Protocol):
    workers: list[Any]
    """who read it, and are closed with it"""

    def send(self, key: bytes, *values: Value) -> None:
        """Append values under one key, so that they share a partition."""

    def consumer(self) -> Any:
        """A member of the group, subscribed; with all partitions, if it is alone."""

    def committed(self) -> dict[tuple[str, int], int]:
        """What the group reads next on each partition of which it has committed anything."""

    def unread(self) -> int: ...


class BrokerLog:
    def __init__(self, admin: AdminClient, client: Callable[[str], Any] = clients.consumer) -> None:
        self._admin = admin
        self._client = client
        self._producer = clients.producer()
        self.workers: list[Any] = []

    def send(self, key: bytes, *values: Value) -> None:
        send_all(self._producer, [Outgoing(Topic.TRANSACTIONS, key, value) for value in values])

    def consumer(self) -> Any:
        return self._client(GROUP)

    def committed(self) -> dict[tuple[str, int], int]:
        return committed_offsets(self._admin, GROUP)

    def unread(self) -> int:
        return unread(self._admin, GROUP, [Topic.TRANSACTIONS])


class MemoryLog:
    """Lists of messages. Its consumers are alone in their group, and never wait."""

    def __init__(self) -> None:
        self._messages: dict[int, list[Message]] = {number: [] for number in range(settings.TOPIC_PARTITIONS)}
        self._committed: dict[int, int] = {}
        self.workers: list[Any] = []

    def send(self, key: bytes, *values: Value) -> None:
        number = home_of(int(key), settings.TOPIC_PARTITIONS)
        stretch = self._messages[number]
        for value in values:
            stretch.append(message(number, len(stretch), key, value))

    def consumer(self) -> "MemoryConsumer":
        return MemoryConsumer(self._messages, self._committed)

    def committed(self) -> dict[tuple[str, int], int]:
        return {(Topic.TRANSACTIONS.value, number): offset for number, offset in self._committed.items()}

    def unread(self) -> int:
        return sum(len(stretch) - self._committed.get(number, 0) for number, stretch in self._messages.items())


class MemoryConsumer:
    """What the worker's loop uses of confluent_kafka.Consumer, on lists."""

    def __init__(self, messages: dict[int, list[Message]], committed: dict[int, int]) -> None:
        self._messages = messages
        self._committed = committed
        self._positions: dict[int, int] = {}
        self._given: set[int] = set()

    def take_away(self, numbers: set[int]) -> None:
        """While nobody reads."""
        for number in numbers:
            del self._positions[number]

    def give(self, numbers: set[int]) -> None:
        """By the next time that somebody reads."""
        self._given = numbers

    def subscribe(self, topics: list[str], on_assign: Callable[..., None], on_revoke: Callable[..., None]) -> None:
        self._positions = {number: self._committed.get(number, 0) for number in self._messages}

    def assignment(self) -> list[TopicPartition]:
        return [TopicPartition(Topic.TRANSACTIONS.value, number) for number in self._positions]

    def consume(self, count: int, timeout: float) -> list[Message]:
        came: list[Message] = []
        given, self._given = self._given, set()
        self._positions |= {number: self._committed.get(number, 0) for number in given}
        for number, position in self._positions.items():
            came += self._messages[number][position : position + count - len(came)]
            self._positions[number] += len([each for each in came if each.partition() == number])
        return came

    def commit(self, offsets: list[TopicPartition], asynchronous: bool) -> None:
        assert not asynchronous, "a batch is committed before the next is read"
        self._committed.update({each.partition: each.offset for each in offsets})

    def close(self) -> None:
        self._positions = {}


def message(number: int, offset: int, key: bytes, value: Value) -> Message:
    now = (2, 1_795_700_000_000)  # received by the broker's clock, in November 2026
    return Message(
        topic=Topic.TRANSACTIONS.value, partition=number, offset=offset, key=key, value=value, headers=[], timestamp=now
    )
