"""What a consumer group has applied so far, read again from the log."""

from collections.abc import Iterator

from confluent_kafka import Message

from streaming import dead_letters
from streaming.commands import decode
from streaming.dead_letters import DeadLetter
from streaming.reading import Partition, begins, bounds, read, read_range, reader
from streaming.topics import Topic
from streaming.worker import InvalidMessage


class LogIsShorter(RuntimeError):
    """The database has applied more of a partition than the partition holds: the topic was made anew."""


class AppliedLog:
    """The events that a group has applied: all of the log but what it passed over or buried."""

    def __init__(self, group: str) -> None:
        self._group = group
        # The group's own consumer stands where the group is; another one may read what lies before.
        self._consumer = reader(f"{group}-read-back")

    def read_back(self, partition: Partition, end: int, capacity: int) -> Iterator[str]:
        """The identities of the last `capacity` events applied before offset `end`, or of a few more, oldest first.

        Raises LogIsShorter if the partition ends before `end`.
        """
        topic, number = partition
        _, high = bounds(self._consumer, partition)
        if high < end:
            raise LogIsShorter(
                f"{topic}[{number}] ends at offset {high}, but the database has applied it up to {end}: the topic was "
                "made anew. Delete the rows of its consumer from streaming_appliedoffset to count it from its start."
            )
        buried = self._buried(Topic(topic))
        # Producers with transactions leave a marker after each: twice the capacity holds enough events.
        for message in read_range(self._consumer, partition, end - 2 * capacity, end):
            if dead_letters.origin(message) not in buried and (identity := self._identity(message)) is not None:
                yield identity

    def _buried(self, topic: Topic) -> set[str]:
        """The origins of what the group buried: it may be readable by now, but was not applied when it came."""
        batches = read(self._consumer, begins(self._consumer, [topic.dead_letters]))
        letters = (DeadLetter.of(message) for messages in batches for message in messages)
        return {letter.origin for letter in letters if letter.group == self._group}

    def _identity(self, message: Message) -> str | None:
        if not dead_letters.concerns(self._group, message):
            return None
        try:
            return decode(message).event.identity
        except InvalidMessage:
            return None
