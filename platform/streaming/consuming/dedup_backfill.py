"""What a consumer group has applied so far, read again from the log, to fill the memory of deduplication.

Only what was never saved is read: what a version applied that did not save it, or what lies further back than the
memory used to reach. The memory has to hold just what was applied. With an event too many, a buried record that is
redriven passes for a repetition and is lost; with one too few, a repetition counts twice. So the log is read as the
worker once read it: without what is addressed to other groups, what cannot be read, and what it buried. The last is
asked for apart, since what could not be read then may be readable by now: a schema was registered meanwhile, or a rule
relaxed.
"""

from collections.abc import Iterator
from contextlib import closing

from confluent_kafka import Message

from streaming import message_fields
from streaming.dead_letters import burials
from streaming.dead_letters.addresses import concerns
from streaming.decoding import decode
from streaming.log_reader import bounds, read_range, reader
from streaming.messages import InvalidMessage
from streaming.partitioner import Partition
from streaming.topics import Topic


class LogIsShorter(RuntimeError):
    """The database has applied more of a partition than the partition holds: the topic was made anew."""


class AppliedLog:
    """The events that a group has applied: all of the log but what it passed over or buried."""

    def __init__(self, group: str) -> None:
        self._group = group
        # The group's own consumer stands where the group is; another one may read what lies before.
        self._consumer = reader(f"{group}-read-back")

    def read_back(self, partition: Partition, begin: int, end: int) -> Iterator[tuple[str, int]]:
        """Identity and offset of each event that was applied from offset `begin` on and before `end`, in order.

        Raises LogIsShorter if the partition ends before `end`.
        """
        self.check(partition, end)
        buried = self._buried_since(partition, begin, end)
        for message in read_range(self._consumer, partition, begin, end):
            if message_fields.origin(message) not in buried and (identity := self._identity(message)) is not None:
                yield identity, int(message.offset() or 0)

    def check(self, partition: Partition, end: int) -> None:
        """Raise LogIsShorter if the partition ends before `end`; reads none of its records."""
        topic, number = partition
        _, high = bounds(self._consumer, partition)
        if high < end:
            raise LogIsShorter(
                f"{topic}[{number}] ends at offset {high}, but the database has applied it up to {end}: the topic was "
                "made anew. Delete the rows of its consumer from streaming_appliedoffset to count it from its start."
            )

    def _buried_since(self, partition: Partition, begin: int, end: int) -> set[str]:
        """The origins of what the group buried of these offsets: maybe readable by now, but not applied then."""
        with closing(read_range(self._consumer, partition, begin, end)) as window:
            first = next(window, None)
        if first is None:
            return set()
        letters = burials.since(self._consumer, [Topic(partition[0])], message_fields.received_by_broker(first))
        return {letter.origin for letter in letters if letter.group == self._group}

    def _identity(self, message: Message) -> str | None:
        if not concerns(self._group, message):
            return None
        try:
            return decode(message).event.identity
        except InvalidMessage:
            return None
