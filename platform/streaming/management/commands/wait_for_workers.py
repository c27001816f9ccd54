from time import monotonic, sleep
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from streaming import clients, topology
from streaming.carriers import OutboxCarriedBy
from streaming.inspecting.lag import unread
from streaming.models import OutboxMessage

LOOK_EVERY_SECONDS, TELL_EVERY_SECONDS = 0.1, 1.0


class Command(BaseCommand):
    requires_system_checks = ()
    help = "Wait until every worker has read all there is and the outbox is empty; shows what is left meanwhile."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--timeout", type=float, default=60, help="seconds to wait at the most (60)")

    def handle(self, *args: Any, timeout: float, **options: Any) -> None:
        began = monotonic()
        shown, told = None, began - TELL_EVERY_SECONDS
        while any((left := what_is_left()).values()):
            now = monotonic()
            if now - began > timeout:
                raise CommandError(f"not caught up within {timeout:g} s: {in_words(left)}")
            if now - told >= TELL_EVERY_SECONDS and in_words(left) != shown:
                shown, told = in_words(left), now
                self.stdout.write(f"still to come: {shown}")
            sleep(LOOK_EVERY_SECONDS)
        self.stdout.write("Every worker has caught up.")


def what_is_left() -> dict[str, int]:
    """Unread records by consumer group, and rows of the outbox.

    The outbox is read after the groups that fill it, and the groups that read what it sends after it: all zero means
    that nothing is on its way.
    """
    groups = topology.readers()
    admin = clients.admin()
    before = {group: unread(admin, group, topics) for group, topics in groups.items()}
    # Debezium leaves the rows that it has carried.
    relayed = settings.OUTBOX_CARRIED_BY == OutboxCarriedBy.RUN_RELAY
    outbox = {"outbox": OutboxMessage.objects.count()} if relayed else {}
    after = {group: before[group] or unread(admin, group, topics) for group, topics in groups.items()}
    return after | outbox


def in_words(left: dict[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in left.items() if count)
