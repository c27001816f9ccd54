"""What SQLite is told by a process that writes thousands of rows at a time."""

from django.db import connection

PRAGMAS = "PRAGMA cache_size=-32000; PRAGMA wal_autocheckpoint=8000;"
"""A transaction's pages fit into 32 MB of memory, and are written once. The log is moved into the file before anybody
else's connection would do so, and not by each batch: that syncs both, and waits."""


def expect() -> None:
    """Have this process's connections be of that kind. The one at hand is opened anew."""
    options = connection.settings_dict["OPTIONS"]
    if connection.vendor == "sqlite" and PRAGMAS not in options["init_command"]:
        options["init_command"] += PRAGMAS
        connection.close()
