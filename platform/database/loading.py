"""Many new rows as one text, by LOAD DATA LOCAL: MySQL reads that for less than it takes to parse an INSERT of them.

MySQL's own client sends whichever file a server asks for, where LOAD DATA LOCAL is allowed at all. Nobody is allowed
who has not called allow(), and a server is asked whether it allows it, too; INSERT does where either does not.
"""

import os
from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction

FEWEST = 100
"""rows, below which three more round trips cost more than is saved"""
UNIT, RECORD = "\x1f", "\x1e"
"""what ends a value and a row: ASCII's own separators, so that nothing else has to be escaped"""


def allow() -> None:
    """Let this process load rows. Its connection is opened anew."""
    if connection.vendor == "mysql":
        connection.settings_dict["OPTIONS"]["local_infile"] = True
        connection.close()


def is_loaded(table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> bool:
    """Load rows if that is possible, and if nothing is wrong with any of them; otherwise none of them is there.

    LOCAL passes over rows that are there, and clips what does not fit, with a
    warning: one of them, and all is taken back, for INSERT to say what is wrong.
    """
    if len(rows) < FEWEST or not _is_allowed() or (text := _as_text(columns, rows)) is None:
        return False
    with transaction.atomic():
        if _said_of(table, columns, text) == f"Records: {len(rows)}  Deleted: 0  Skipped: 0  Warnings: 0":
            return True
        transaction.set_rollback(True)
    return False


def _is_allowed() -> bool:
    if connection.vendor != "mysql" or not connection.settings_dict["OPTIONS"].get("local_infile"):
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@local_infile")
        return bool(cursor.fetchone()[0])


def _as_text(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str | None:
    """None: a value is NULL, for which there is no text, or has one of the separators."""
    text = RECORD.join([UNIT.join(map(str, row)) for row in rows]) + RECORD
    is_plain = text.count(RECORD) == len(rows) and text.count(UNIT) == len(rows) * (len(columns) - 1)
    return text if is_plain and not any(None in row for row in rows) else None


def _said_of(table: str, columns: Sequence[str], text: str) -> str:
    """What MySQL says of the rows that it has loaded."""
    quote = connection.ops.quote_name
    descriptor = os.memfd_create("rows")
    with open(descriptor, "wb") as file, connection.cursor() as cursor:
        file.write(text.encode())
        file.flush()
        # No value stands in it, only names of tables and columns.
        cursor.execute(
            f"LOAD DATA LOCAL INFILE '/proc/self/fd/{descriptor}' INTO TABLE {quote(table)} CHARACTER SET utf8mb4 "
            f"FIELDS TERMINATED BY '{UNIT}' ESCAPED BY '' LINES TERMINATED BY '{RECORD}' "
            f"({', '.join(map(quote, columns))})"
        )
        return str(connection.connection.info())
