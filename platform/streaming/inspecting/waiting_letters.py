"""How many messages wait as dead letters: each is buried once by every group that cannot take it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

from streaming import clients
from streaming.dead_letters.dead_letter import DeadLetter
from streaming.partitioner import Partition

TIMEOUT_SECONDS = 1.0
READ_AT_ONCE = 500
REMEMBERED = 200_000
"""So many letters are kept apart, in some 30 MB; among more, messages are not counted."""
Range = tuple[int, int]
"""the offset of the first letter that waits, and that of the next one to come"""


@dataclass(slots=True)
class _Read:
    """What has been read of a partition."""

    next: int
    origins: dict[int, int] = field(default_factory=dict)
    """by the offset of each letter that waits, where its message stood, as a hash"""


class BuriedMessages:
    """Remembers where buried messages came from, and reads only the letters that have come since it was last asked."""

    def __init__(self, timeout: float = TIMEOUT_SECONDS) -> None:
        self._timeout = timeout
        self._read: dict[Partition, _Read] = {}

    def count(self, waiting: Mapping[Partition, Range]) -> dict[str, int | None]:
        """How many messages wait in each topic; None: not all letters were read yet, or they are too many."""
        self._forget(waiting)
        behind = {each: self._read[each].next for each, (_, end) in waiting.items() if self._read[each].next < end}
        if behind and sum(len(read.origins) for read in self._read.values()) < REMEMBERED:
            self._read_on(behind)
        return {topic: self._in(topic, waiting) for topic in {topic for topic, _ in waiting}}

    def _forget(self, waiting: Mapping[Partition, Range]) -> None:
        """Leave out what waits no longer; a partition whose end went back was made anew, and is read anew."""
        for partition, (start, end) in waiting.items():
            read = self._read.get(partition)
            if read is None or read.next > end:
                self._read[partition] = _Read(start)
            else:
                kept = {offset: origin for offset, origin in read.origins.items() if offset >= start}
                self._read[partition] = _Read(max(start, read.next), kept)
        self._read = {partition: self._read[partition] for partition in waiting}

    def _read_on(self, starts: Mapping[Partition, int]) -> None:
        patience, unread = monotonic() + self._timeout, set(starts)
        # It learns from the broker where a partition ends: markers of transactions take offsets, and are no letters.
        options: dict[str, Any] = {"enable.partition.eof": True, "fetch.wait.max.ms": 20}
        consumer = clients.consumer("monitoring", **options)
        try:
            consumer.assign([TopicPartition(*partition, offset) for partition, offset in starts.items()])
            while unread and (left := patience - monotonic()) > 0:
                unread -= self._take(consumer, left)
        finally:
            consumer.close()

    def _take(self, consumer: Consumer, seconds: float) -> set[Partition]:
        """Read some letters; gives the partitions that have ended."""
        came = consumer.consume(1, timeout=seconds)
        came += consumer.consume(READ_AT_ONCE, timeout=0) if came else []
        ended = set()
        for message in came:
            read = self._read[_place(message)]
            offset = int(message.offset() or 0)
            error = message.error()
            if error is None:
                read.origins[offset] = hash(_origin(message))
                read.next = offset + 1
            elif error.code() == KafkaError._PARTITION_EOF:
                read.next = max(read.next, offset)
                ended.add(_place(message))
            else:
                clients.log.warning("dead letters in %s[%s] could not be counted: %s", *_place(message), error)
        return ended

    def _in(self, topic: str, waiting: Mapping[Partition, Range]) -> int | None:
        some = {partition: end for partition, (_, end) in waiting.items() if partition[0] == topic}
        if any(self._read[partition].next < end for partition, end in some.items()):
            return None
        return len({origin for partition in some for origin in self._read[partition].origins.values()})


def _origin(message: Message) -> str | tuple[Partition, int | None]:
    """Where the buried message stands; what somebody else wrote there is a message of its own."""
    letter = DeadLetter.of(message)
    return letter.origin if letter else (_place(message), message.offset())


def _place(message: Message) -> Partition:
    partition = message.partition()
    return str(message.topic()), -1 if partition is None else partition
