from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.db import OperationalError
from django.db.backends.sqlite3 import base, features

IN_MEMORY = (":memory:", "file:")


class NoDatabase(OperationalError, CommandError):
    """There is no file of this name; a sentence for whoever started a command, as any outage to everybody else."""


class DatabaseFeatures(features.DatabaseFeatures):
    # Django's own asks the database, which checks of the project need not have.
    supports_json_field = True


class DatabaseWrapper(base.DatabaseWrapper):
    """SQLite that makes no file by being asked: an empty database would answer that there are no orders."""

    features_class = DatabaseFeatures

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        file = str(conn_params["database"])
        if not file.startswith(IN_MEMORY) and not Path(file).exists():
            raise NoDatabase(
                f"There is no database {file}. `manage.py migrate` makes it; beside a running demo or cluster, "
                '`make manage ARGS="…"` or `. var/demo.env` says where theirs is.'
            )
        return super().get_new_connection(conn_params)
