"""What was buried, read from dead-letter topics: no more of them than is needed, and letters of our own only."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from confluent_kafka import Consumer

from streaming.dead_letters.dead_letter import DeadLetter
from streaming.log_reader import begins, offsets_at, read
from streaming.telemetry.metrics import FOREIGN_LETTERS
from streaming.topics import Topic

CLOCKS_APART = timedelta(minutes=10)
"""A letter is younger than its record, but another broker may have stamped it, by a clock of its own."""


def since(consumer: Consumer, topics: Iterable[Topic], received: datetime | None) -> Iterator[DeadLetter]:
    """The letters about records that were received at a moment or later; None: all.

    consumer: a reader. Messages that others wrote are counted and passed over.
    """
    starts = begins(consumer, [topic.dead_letters for topic in topics])
    if received is not None:
        starts = offsets_at(consumer, starts, received - CLOCKS_APART)
    foreign = Counter({topic: 0 for topic, _ in starts})
    for came in read(consumer, starts):
        for message in came:
            if (letter := DeadLetter.of(message)) is not None:
                yield letter
            else:
                foreign[str(message.topic())] += 1
    for topic, count in foreign.items():
        FOREIGN_LETTERS.labels(topic).set(count)
