from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import NewTopic
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from streaming import clients
from streaming.topics import topic_configs


class Command(BaseCommand):
    help = "Create the topics that are missing; those that exist are left as they are."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--wait", type=float, default=10, help="seconds to wait for the cluster to answer (10)")

    def handle(self, *args: Any, wait: float, **options: Any) -> None:
        try:
            clients.admin().list_topics(timeout=wait)
        except KafkaException as error:
            raise CommandError(f"the cluster does not answer within {wait:g} s: {error.args[0].str()}") from error
        wanted = [
            NewTopic(
                name,
                num_partitions=settings.TOPIC_PARTITIONS,
                replication_factor=settings.TOPIC_REPLICATION_FACTOR,
                config=config,
            )
            for name, config in topic_configs().items()
        ]
        for name, created in clients.admin().create_topics(wanted, operation_timeout=30).items():
            try:
                created.result()
                self.stdout.write(f"created {name}")
            except KafkaException as error:
                if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                    raise
                self.stdout.write(f"{name} exists")
