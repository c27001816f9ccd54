from collections import Counter
from typing import Any

from confluent_kafka import Consumer, TopicPartition
from django.core.management.base import BaseCommand, CommandParser
from rich.console import Console
from rich.table import Table

from streaming import clients
from streaming.dead_letters import DeadLetter, to_redrive
from streaming.lag import Partition, committed_offsets, end_offsets
from streaming.reading import read_range, reader
from streaming.topics import Topic, topics_in_use

GROUP = "redrive"


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
            letters = [
                DeadLetter.of(message)
                for partition, (start, end) in waiting.items()
                for message in read_range(consumer, partition, start, end)
            ]
            records = to_redrive(letters)
            self.show(letters)
            if dry_run:
                self.stdout.write(f"{len(records)} messages would be sent again; nothing was.")
                return
            clients.send_all(clients.producer(), records)
            commit(consumer, waiting)
            self.stdout.write(f"{len(records)} messages were sent again.")
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
