from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from streaming import clients
from streaming.schemas.avro import SCHEMA_FILES
from streaming.schemas.ids import load_schema
from streaming.schemas.registry import NO_LIMIT, Incompatible, RegistryIds
from streaming.topics import TOPICS, Topic, topics_in_use

CHANGES_OF_ROWS = (f"{Topic.MYSQL_TRANSACTIONS}-key", Topic.MYSQL_TRANSACTIONS.subject)
"""Nobody's contract: Debezium registers our own table's schema there, whatever the table becomes."""


class Command(BaseCommand):
    help = (
        "Register the schemas of all topics; those that are registered stay, one that would break readers is refused. "
        "What Debezium registers of our own table is held to nothing."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        registry = clients.schema_ids()
        if not isinstance(registry, RegistryIds):
            raise CommandError(
                f"SCHEMA_IDS={settings.SCHEMA_IDS} names no registry: set it to `registry:` and its URL."
            )
        for event_type, file in SCHEMA_FILES.items():
            try:
                schema_id = registry.register(load_schema(settings.SCHEMAS / file))
            except Incompatible as refused:
                raise CommandError(f"The registry refuses {file}. {refused}") from refused
            self.stdout.write(f"{TOPICS[event_type].subject}: {file} is schema {schema_id}")
        for subject in CHANGES_OF_ROWS if Topic.MYSQL_TRANSACTIONS in topics_in_use() else ():
            if registry.hold_to_nothing(subject):
                self.stdout.write(f"{subject}: any schema may follow")
            else:
                self.stderr.write(
                    f"{subject}: has no schema yet and takes no rule of its own, so the registry's rule for all "
                    f"subjects holds, and a new column may stop change data capture. Set that rule to {NO_LIMIT}: "
                    "the contracts have their own."
                )
