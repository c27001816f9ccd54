"""What topics hold, from their oldest record to their end, and which consumer groups took it."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from confluent_kafka import Message

from streaming import message_fields
from streaming.dead_letters import burials
from streaming.dead_letters.addresses import addressees
from streaming.decoding import decode
from streaming.log_reader import begins, read, reader
from streaming.messages import InvalidMessage
from streaming.partitioner import Partition
from streaming.records import Record
from streaming.topics import Topic


@dataclass(frozen=True, slots=True)
class ScannedRecord:
    """A record that can be read and be true, and the groups that buried it or passed it over."""

    record: Record[Any]
    not_for: frozenset[str]


@dataclass(frozen=True, slots=True)
class RetainedRange:
    """What a partition still keeps."""

    begin: int
    """the offset of its oldest record; above 0, older ones are gone"""
    oldest: datetime | None
    """when that was received; None: it holds none"""


class TopicScan:
    """Reads topics apart from any group's progress, in order within each partition.

    group: the consumer group under whose name it reads; it never commits. groups: those whose dead letters and passing
    over are reported.
    """

    def __init__(self, group: str, topics: Iterable[Topic], groups: Iterable[str]) -> None:
        self._consumer = reader(group)
        self._topics = list(topics)
        self._groups = frozenset(groups)
        self.buried: dict[str, frozenset[str]] = {}
        """origins of what was buried by the last reading → by which groups"""
        self._reached: dict[Partition, int] = {}
        self._began: datetime | None = None

    def close(self) -> None:
        self._consumer.close()

    def retained(self, topics: Collection[Topic]) -> list[RetainedRange]:
        """What the partitions of these topics keep."""
        begins = {each: begin for each, begin in self._begins().items() if each[0] in topics}
        return [RetainedRange(begin, self._first_received(each, begin)) for each, begin in begins.items()]

    def read(self) -> Iterator[list[ScannedRecord]]:
        """Everything that is kept, up to what is there when the end is reached; called again, what came since then.

        What no group can read is left out. What was read before may be in `buried` by now. Raises TimeoutError if the
        broker stays silent.
        """
        since, self._began = self._began or self._oldest(), datetime.now(UTC)
        self._read_burials(since)
        begins = self._begins()
        self._reached = {each: max(begin, self._reached.get(each, 0)) for each, begin in begins.items()}
        for came in read(self._consumer, self._reached):
            self._reached |= {message_fields.partition(each): int(each.offset() or 0) + 1 for each in came}
            yield [record for message in came if (record := self._scanned(message)) is not None]

    def _scanned(self, message: Message) -> ScannedRecord | None:
        try:
            record = decode(message)
        except InvalidMessage:
            return None
        not_for = self.buried.get(message_fields.origin(message), frozenset()) if self.buried else frozenset()
        if (to := addressees(message)) is not None:
            not_for |= self._groups - to
        return ScannedRecord(record, not_for)

    def _oldest(self) -> datetime | None:
        return min((each.oldest for each in self.retained(self._topics) if each.oldest is not None), default=None)

    def _read_burials(self, received: datetime | None) -> None:
        """What was buried may be readable by now, but was not taken when it came."""
        for letter in burials.since(self._consumer, self._topics, received):
            self.buried[letter.origin] = self.buried.get(letter.origin, frozenset()) | {letter.group}

    def _begins(self) -> dict[Partition, int]:
        return begins(self._consumer, self._topics)

    def _first_received(self, partition: Partition, begin: int) -> datetime | None:
        for came in read(self._consumer, {partition: begin}, at_once=1):
            for message in came:
                if (received := message_fields.received_at(message)) is not None:
                    return received
        return None
