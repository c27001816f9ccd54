"""Backup and restore, by the commands that docs/operations.md tells for both ways."""

import os
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import connection

from native.driving.embedded import ROOT
from native.packages import debian
from tests.stack.parts import Parts
from transactions.models import Transaction

TOLD = (ROOT / "docs" / "operations.md").read_text()
RESTORED = "restored"


def told(program: str) -> list[str]:
    """The options of the documented command, without database and file."""
    (line,) = re.findall(rf"^    mysql {program} (.*)shop [<>] shop\.sql$", TOLD, re.MULTILINE)
    return str(line).split()


def run(parts: Parts, program: str, *arguments: str, file: Path) -> None:
    command = debian.command_of(parts.layout.mysql, f"usr/bin/{program}")
    options = [f"--defaults-extra-file={parts.layout.secrets / 'mysql-root.cnf'}", *told(program), *arguments]
    mode = os.O_RDONLY if program == "mysql" else os.O_WRONLY | os.O_CREAT
    opened = os.open(file, mode)
    try:
        subprocess.run([*command, *options], check=True, stdin=opened, stdout=opened if mode != os.O_RDONLY else None)
    finally:
        os.close(opened)


def content(database: str) -> dict[str, int]:
    """The checksum over all rows of each table."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = %s", [database])
        tables = [name for (name,) in cursor.fetchall()]
        cursor.execute("CHECKSUM TABLE " + ", ".join(f"`{database}`.`{name}`" for name in tables))
        return {str(name).partition(".")[2]: int(checksum) for name, checksum in cursor.fetchall()}


@pytest.mark.django_db(transaction=True)
def test_what_was_backed_up_is_there_again_to_the_row(parts: Parts, tmp_path: Path) -> None:
    moment = datetime(2026, 11, 22, 12, 0, 0, 123_000, tzinfo=UTC)
    rows = [
        Transaction(
            order_id=f"ü-{number}", user_id=number, amount="0.10", status="SUCCESS", timestamp=moment, kind="ORDER"
        )
        for number in range(1000)
    ]
    Transaction.objects.bulk_create(rows)
    name = str(connection.settings_dict["NAME"])
    run(parts, "mysqldump", name, file=tmp_path / "shop.sql")
    Transaction.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {RESTORED}")
        cursor.execute(f"CREATE DATABASE {RESTORED} CHARACTER SET utf8mb4")
    run(parts, "mysql", RESTORED, file=tmp_path / "shop.sql")
    restored = content(RESTORED)
    assert restored.keys() == content(name).keys()
    assert restored["transactions"] != content(name)["transactions"]
    # Back over the emptied tables, as a restore does.
    run(parts, "mysql", name, file=tmp_path / "shop.sql")
    assert content(name) == restored
    assert Transaction.objects.count() == len(rows)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE {RESTORED}")
