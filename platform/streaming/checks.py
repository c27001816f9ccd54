"""What Django's check command, and migrate before it begins, see to."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections

COLLATION = "utf8mb4_0900_bin"


@register(Tags.database)
def check_mysql(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """MySQL compares ids as SQLite and Elasticsearch do, byte by byte, and takes nothing that does not fit."""
    problems: list[CheckMessage] = []
    for alias in databases or ():
        connection = connections[alias]
        if connection.vendor != "mysql":
            continue
        with connection.cursor() as cursor:
            cursor.execute("SELECT @@collation_database, @@sql_mode, @@transaction_isolation")
            collation, mode, isolation = cursor.fetchone()
        if collation != COLLATION:
            problems.append(
                Error(
                    f"The database's collation is {collation}: order A-1 would be taken for a-1, or sorted otherwise.",
                    hint=f"ALTER DATABASE `{connection.settings_dict['NAME']}` COLLATE {COLLATION}",
                    id="streaming.E001",
                )
            )
        if "STRICT_ALL_TABLES" not in mode.split(","):
            problems.append(Error(f"MySQL's sql_mode is not strict but {mode}.", id="streaming.E002"))
        if isolation != "READ-COMMITTED":
            problems.append(Error(f"MySQL's isolation is {isolation}, not READ-COMMITTED.", id="streaming.E003"))
    return problems
