from collections.abc import Mapping
from time import monotonic, sleep
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourceType,
)
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from streaming import clients
from streaming.inspecting.lag import end_offsets
from streaming.topics import topic_configs, topics_in_use

NOT_READY = {KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE, KafkaError.UNKNOWN_TOPIC_OR_PART}

STAMP, LIMIT = "message.timestamp.type", "max.message.bytes"


class Command(BaseCommand):
    requires_system_checks = ()
    help = (
        "Create the topics that are missing, give those that exist the limits that the platform relies on, and wait "
        "until all are usable."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--wait", type=float, default=30, help="seconds to wait for the cluster to answer (30)")

    def handle(self, *args: Any, wait: float, **options: Any) -> None:
        admin = clients.admin()
        try:
            admin.list_topics(timeout=wait)
        except KafkaException as error:
            raise CommandError(f"the cluster does not answer within {wait:g} s: {error.args[0].str()}") from error
        deadline = monotonic() + wait
        while not self.create(admin, patient=monotonic() < deadline):
            sleep(0.5)
        wait_for_leaders(admin, wait)
        for name, changes in keep_limits(admin, wait).items():
            self.stdout.write(f"changed {name}: {', '.join(f'{key} to {value}' for key, value in changes.items())}")

    def create(self, admin: AdminClient, *, patient: bool) -> bool:
        """Create what is missing, and say whether all is there; raises KafkaException, if patient only for good."""
        complete = True
        for name, created in admin.create_topics(wanted_topics(), operation_timeout=30).items():
            try:
                created.result()
                self.stdout.write(f"created {name}")
            except KafkaException as error:
                code = error.args[0].code()
                if patient and code in {*NOT_READY, KafkaError.REQUEST_TIMED_OUT}:
                    # A cluster that has just started may not know its own topics yet; the next try finds them there.
                    complete = False
                elif code != KafkaError.TOPIC_ALREADY_EXISTS:
                    raise
        return complete


def wanted_topics() -> list[NewTopic]:
    return [
        NewTopic(
            name,
            num_partitions=settings.TOPIC_PARTITIONS,
            replication_factor=settings.TOPIC_REPLICATION_FACTOR,
            config=config,
        )
        for name, config in topic_configs(topics_in_use()).items()
    ]


def keep_limits(admin: AdminClient, timeout: float) -> dict[str, dict[str, str]]:
    """Bring topics that were made otherwise to what must fit one another; returns what was changed of which.

    A limit that somebody has raised stays, and so does whatever else was chosen for a topic.
    """
    wanted = topic_configs(topics_in_use())
    found = admin.describe_configs(
        [ConfigResource(ResourceType.TOPIC, name) for name in wanted], request_timeout=timeout
    )
    changes = {
        resource.name: changed
        for resource, described in found.items()
        if (
            changed := to_change(
                wanted[resource.name], {key: str(each.value) for key, each in described.result().items()}
            )
        )
    }
    resources = [
        ConfigResource(
            ResourceType.TOPIC,
            name,
            incremental_configs=[
                ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET) for key, value in changed.items()
            ],
        )
        for name, changed in changes.items()
    ]
    for altered in admin.incremental_alter_configs(resources, request_timeout=timeout).values() if resources else ():
        altered.result()
    return changes


def to_change(wanted: Mapping[str, str], found: Mapping[str, str]) -> dict[str, str]:
    """The settings of a topic that have to be others than they are."""
    changes = {}
    if found[STAMP] != wanted[STAMP]:
        changes[STAMP] = wanted[STAMP]
    if int(found[LIMIT]) < int(wanted[LIMIT]):
        changes[LIMIT] = wanted[LIMIT]
    return changes


def wait_for_leaders(admin: AdminClient, timeout: float) -> None:
    """Return once every partition answers; raises KafkaException with its last refusal.

    A broker calls a topic created a moment before it can be used, and one that has just started may still know an older
    leader than the client does: whatever it says in the meantime, only the last word counts.
    """
    names = topic_configs(topics_in_use())
    partitions = [(name, number) for name in names for number in range(settings.TOPIC_PARTITIONS)]
    deadline = monotonic() + timeout
    while True:
        try:
            end_offsets(admin, partitions)
        except KafkaException:
            if monotonic() > deadline:
                raise
            sleep(0.1)
        else:
            return
