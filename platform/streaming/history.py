"""What topics hold, from their oldest record to their end, and which consumer groups took it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, TopicPartition

from streaming import clients, dead_letters
from streaming.commands import decode, received_at
from streaming.dead_letters import DeadLetter
from streaming.reading import TIMEOUT_SECONDS, Partition, bounds
from streaming.topics import Topic
from streaming.worker import InvalidMessage, Record

READ_AT_ONCE = 1000
OPTIONS: dict[str, Any] = {"enable.partition.eof": True, "fetch.wait.max.ms": 20}
POLL_SECONDS, FILL_SECONDS = 1.0, 0.01


@dataclass(frozen=True, slots=True)
class Told:
    """A record that can be read and be true, and the groups that buried it or passed it over."""

    record: Record[Any]
    not_for: frozenset[str]


@dataclass(frozen=True, slots=True)
class Stretch:
    """What a partition still keeps."""

    begin: int
    """the offset of its oldest record; above 0, older ones are gone"""
    oldest: datetime | None
    """when that was received; None: it holds none"""


class History:
    """Reads topics apart from any group's progress, in order within each partition.

    reader: the consumer group under whose name it reads; it never commits. groups: those whose dead letters and passing
    over are told of.
    """

    def __init__(self, reader: str, topics: Iterable[Topic], groups: Iterable[str]) -> None:
        self._consumer = clients.consumer(reader, **OPTIONS)
        self._topics = list(topics)
        self._groups = frozenset(groups)
        self._buried = self._read_burials()

    def close(self) -> None:
        self._consumer.close()

    def stretches(self) -> list[Stretch]:
        begins = self._begins(self._topics)
        return [Stretch(begin, self._first_received(partition, begin)) for partition, begin in begins.items()]

    def read(self, since: datetime | None = None) -> Iterator[list[Told]]:
        """Everything received since a moment, or all that is kept, up to what is there when the end is reached.

        What no group can read is left out. Raises TimeoutError if the broker stays silent.
        """
        for messages in self._messages(self._begins(self._topics) if since is None else self._offsets_at(since)):
            yield [told for message in messages if (told := self._told(message)) is not None]

    def _told(self, message: Message) -> Told | None:
        try:
            record = decode(message)
        except InvalidMessage:
            return None
        not_for = self._buried.get(dead_letters.origin(message), frozenset()) if self._buried else frozenset()
        if message.headers():
            not_for |= {group for group in self._groups if not dead_letters.concerns(group, message)}
        return Told(record, not_for)

    def _read_burials(self) -> dict[str, frozenset[str]]:
        """Origins of what was buried → by which groups. It may be readable by now, but was not taken when it came."""
        burials: dict[str, frozenset[str]] = {}
        for messages in self._messages(self._begins(topic.dead_letters for topic in self._topics)):
            for letter in map(DeadLetter.of, messages):
                burials[letter.origin] = burials.get(letter.origin, frozenset()) | {letter.group}
        return burials

    def _begins(self, topics: Iterable[str]) -> dict[Partition, int]:
        return {
            (topic, number): bounds(self._consumer, (topic, number))[0]
            for topic in map(str, topics)
            for number in self._consumer.list_topics(topic, timeout=TIMEOUT_SECONDS).topics[topic].partitions
        }

    def _offsets_at(self, moment: datetime) -> dict[Partition, int]:
        """Where each partition's first record stands that was received at this moment or later."""
        millis = int(moment.timestamp() * 1000)
        asked = [TopicPartition(*partition, millis) for partition in self._begins(self._topics)]
        found = self._consumer.offsets_for_times(asked, timeout=TIMEOUT_SECONDS)
        return {(each.topic, each.partition): each.offset for each in found}

    def _first_received(self, partition: Partition, begin: int) -> datetime | None:
        for messages in self._messages({partition: begin}, at_once=1):
            if messages:
                return received_at(messages[0])
        return None

    def _messages(self, starts: Mapping[Partition, int], at_once: int = READ_AT_ONCE) -> Iterator[list[Message]]:
        """Batches of what the partitions hold from these offsets on, until the end of each has been seen.

        The broker says where a partition ends for readers: markers of transactions take offsets, and are no records.
        """
        self._consumer.assign([TopicPartition(*partition, offset) for partition, offset in starts.items()])
        unfinished, patience = set(starts), monotonic() + TIMEOUT_SECONDS
        while unfinished:
            came = self._consumer.consume(1, timeout=POLL_SECONDS)
            if came:
                came += self._consumer.consume(at_once - 1, timeout=FILL_SECONDS) if at_once > 1 else []
                patience = monotonic() + TIMEOUT_SECONDS
            elif monotonic() > patience:
                raise TimeoutError(f"Kafka was silent for {TIMEOUT_SECONDS} s; still to read: {sorted(unfinished)}")
            unfinished -= {_ended(message) for message in came if message.error()}
            yield [message for message in came if not message.error()]
        self._consumer.unassign()


def _ended(message: Message) -> Partition:
    """The partition whose end is told; raises KafkaException for any other news."""
    error = message.error()
    if error is None or error.code() != KafkaError._PARTITION_EOF:
        raise KafkaException(error)
    return str(message.topic()), -1 if (number := message.partition()) is None else number
