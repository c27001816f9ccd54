from pathlib import Path
from typing import Any

from django.core.management.commands import migrate
from django.db import connections


class Command(migrate.Command):
    """Django's own, which alone makes a database file that is not there."""

    def handle(self, *args: Any, **options: Any) -> None:
        connection = connections[options["database"]]
        name = str(connection.settings_dict["NAME"])
        if connection.vendor == "sqlite" and not name.startswith((":memory:", "file:")):
            file = Path(name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch(mode=0o600)
        super().handle(*args, **options)
