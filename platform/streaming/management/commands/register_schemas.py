from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from streaming import clients
from streaming.avro import SCHEMA_FILES
from streaming.registry import Incompatible, RegistryIds
from streaming.schema_ids import load_schema
from streaming.topics import TOPICS


class Command(BaseCommand):
    help = (
        "Register the schemas of all topics; those that are registered stay, one that would break readers is refused."
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
