from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from confluent_kafka import Consumer, Producer, TopicPartition
from django.core.management.base import BaseCommand, CommandParser
from rich.console import Console
from rich.table import Table

from streaming import clients, topology
from streaming.clients import Outgoing, send_what_fits
from streaming.dead_letters import origins
from streaming.dead_letters.dead_letter import DeadLetter, addressed, to_redrive
from streaming.inspecting.lag import committed_offsets, end_offsets
from streaming.log_reader import read_range, reader
from streaming.partitioner import Partition
from streaming.topics import Topic, topics_in_use

GROUP = "redrive"
SEND_AT_ONCE, BYTES_AT_ONCE = 1000, 10_000_000
UNPACKED_BYTES = 100_000_000
"""as much as consumers unpack"""


class Command(BaseCommand):
    requires_system_checks = ()
    help = "Send dead letters through their topic again, each once, for the consumer groups that had buried it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--topic", choices=list(Topic), help="only this topic's dead letters")
        parser.add_argument("--dry-run", action="store_true", help="show what would be sent, and send nothing")

    def handle(self, *args: Any, topic: str | None, dry_run: bool, **options: Any) -> None:
        topics = [Topic(topic)] if topic else topics_in_use()
        waiting = waiting_partitions([each.dead_letters for each in topics])
        consumer = reader(GROUP)
        try:
            letters, foreign = read_letters(consumer, waiting)
            self.show(letters)
            for name, count in foreign.items():
                self.stdout.write(f"{count} messages in {name} are no letters of ours and were passed over.")
            records = self.records(consumer, to_redrive(letters))
            if dry_run:
                self.stdout.write(f"{sum(1 for _ in records)} messages would be sent again; nothing was.")
                return
            sent = sum(map(self.send, portions(records)))
            commit(consumer, waiting)
            self.stdout.write(f"{sent} messages were sent again.")
        finally:
            consumer.close()

    def show(self, letters: list[DeadLetter]) -> None:
        table = Table("topic", "buried by", "reason", "messages")
        for (topic, group, reason), count in Counter((x.topic, x.group, x.reason) for x in letters).most_common(50):
            table.add_row(topic, group, reason, str(count))
        console = Console(width=160)
        with console.capture() as shown:
            console.print(table)
        self.stdout.write(shown.get())

    def records(self, consumer: Consumer, letters: Iterable[tuple[DeadLetter, frozenset[str]]]) -> Iterator[Outgoing]:
        """The records to be sent; what did not fit into its letter is read again when its turn comes."""
        for letter, groups in letters:
            if (whole := origins.whole(consumer, letter)) is not None:
                yield addressed(whole, groups)
            else:
                self.stdout.write(
                    f"{letter.origin} did not fit into its letter, and the log does not hold it any more."
                )

    def send(self, records: list[Outgoing]) -> int:
        """Send the records, as far as their topics take them with what the address adds; returns how many they took."""
        too_large = send_what_fits(producer(), records)
        for place in sorted(too_large):
            record = records[place]
            self.stdout.write(
                f"a message of {record.topic} is too large with its address: key {(record.key or b'')[:100]!r}"
            )
        return len(records) - len(too_large)


@cache
def producer() -> Producer:
    # A record that was compressed well may be much larger than our own ever are.
    return clients.producer(**{"message.max.bytes": UNPACKED_BYTES})


def portions(records: Iterable[Outgoing]) -> Iterator[list[Outgoing]]:
    """The records in lists that are neither long nor large."""
    portion: list[Outgoing] = []
    size = 0
    for record in records:
        portion.append(record)
        size += len(record.value or b"")
        if len(portion) >= SEND_AT_ONCE or size >= BYTES_AT_ONCE:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


def read_letters(
    consumer: Consumer, waiting: dict[Partition, tuple[int, int]]
) -> tuple[list[DeadLetter], Counter[str]]:
    """The letters that wait, and how many messages of each topic are none: nobody here buried those."""
    ours: list[DeadLetter] = []
    foreign: Counter[str] = Counter()
    groups = topology.readers().keys()
    for partition, (start, end) in waiting.items():
        for message in read_range(consumer, partition, start, end):
            letter = DeadLetter.of(message)
            if letter is not None and letter.group in groups:
                ours.append(letter)
            else:
                foreign[partition[0]] += 1
    return ours, foreign


def waiting_partitions(topics: list[str]) -> dict[Partition, tuple[int, int]]:
    """For each partition that holds letters not sent again yet: from which offset, and up to which."""
    admin = clients.admin()
    metadata = admin.list_topics(timeout=10).topics
    partitions = [(topic, number) for topic in topics if topic in metadata for number in metadata[topic].partitions]
    done = committed_offsets(admin, GROUP)
    return {
        each: (done.get(each, 0), end)
        for each, end in end_offsets(admin, partitions).items()
        if end > done.get(each, 0)
    }


def commit(consumer: Consumer, waiting: dict[Partition, tuple[int, int]]) -> None:
    if waiting:
        offsets = [TopicPartition(topic, number, end) for (topic, number), (_, end) in waiting.items()]
        consumer.commit(offsets=offsets, asynchronous=False)
