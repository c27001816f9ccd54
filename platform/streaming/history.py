"""What topics hold, from their oldest record to their end, and which consumer groups took it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from confluent_kafka import Message, TopicPartition

from streaming import dead_letters
from streaming.commands import decode, received_at
from streaming.dead_letters import DeadLetter
from streaming.reading import TIMEOUT_SECONDS, Partition, begins, read, reader
from streaming.topics import Topic
from streaming.worker import InvalidMessage, Record


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

    group: the consumer group under whose name it reads; it never commits. groups: those whose dead letters and passing
    over are told of.
    """

    def __init__(self, group: str, topics: Iterable[Topic], groups: Iterable[str]) -> None:
        self._consumer = reader(group)
        self._topics = list(topics)
        self._groups = frozenset(groups)
        self._buried = self._read_burials()

    def close(self) -> None:
        self._consumer.close()

    def stretches(self) -> list[Stretch]:
        return [Stretch(begin, self._first_received(each, begin)) for each, begin in self._begins().items()]

    def read(self, since: datetime | None = None) -> Iterator[list[Told]]:
        """Everything received since a moment, or all that is kept, up to what is there when the end is reached.

        What no group can read is left out. Raises TimeoutError if the broker stays silent.
        """
        for messages in read(self._consumer, self._begins() if since is None else self._offsets_at(since)):
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
        for messages in read(self._consumer, begins(self._consumer, [topic.dead_letters for topic in self._topics])):
            for letter in map(DeadLetter.of, messages):
                burials[letter.origin] = burials.get(letter.origin, frozenset()) | {letter.group}
        return burials

    def _begins(self) -> dict[Partition, int]:
        return begins(self._consumer, self._topics)

    def _offsets_at(self, moment: datetime) -> dict[Partition, int]:
        """Where each partition's first record stands that was received at this moment or later."""
        millis = int(moment.timestamp() * 1000)
        asked = [TopicPartition(*partition, millis) for partition in self._begins()]
        found = self._consumer.offsets_for_times(asked, timeout=TIMEOUT_SECONDS)
        return {(each.topic, each.partition): each.offset for each in found}

    def _first_received(self, partition: Partition, begin: int) -> datetime | None:
        for messages in read(self._consumer, {partition: begin}, at_once=1):
            if messages:
                return received_at(messages[0])
        return None
