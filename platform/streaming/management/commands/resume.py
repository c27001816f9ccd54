from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from streaming.consuming import stops


class Command(BaseCommand):
    requires_system_checks = ()
    help = "Let a consumer group go on that stopped since too many records in a row were buried (MAX_BURIED_IN_A_ROW)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("group", help="as /health names it, such as recorder")

    def handle(self, *args: Any, group: str, **options: Any) -> None:
        if not stops.resume(group=group):
            standing = ", ".join(each.group for each in stops.stopped_groups()) or "none does"
            raise CommandError(f"The group {group} does not stand still. Of all groups: {standing}.")
        self.stdout.write(f"{group} goes on within a few seconds, after what it has buried.")
