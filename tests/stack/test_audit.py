"""The audit log on MySQL, under the accounts of the cluster: the application adds lines, and can do nothing else."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from native.configuration import mysql, platform
from native.configuration.files import COMPOSE, write_secretly
from native.layout import HOST, ROOT
from native.security.accounts import secret
from tests.stack.parts import Parts

COLUMNS = "at, account_id, role, address, request_id, route, method, format, status, order_id, object_id, asked"
VALUES = "%s, 1, 'analyst', '', 'r-1', 'transactions', 'GET', 'json', 200, '', '', ''"
LINE = f"INSERT INTO audit_log ({COLUMNS}) VALUES ({VALUES})"
Accounts = dict[str, dict[str, str]]

REFUSED = 1644
DENIED = 1142


@pytest.fixture(scope="module")
def accounts(parts: Parts, django_db_setup: None) -> Accounts:
    """The variables under which the platform and the migrations work; the database `shop` has the audit log.

    The tests' own database is root's, who made it; with it MySQL has been started.
    """
    client = f"[client]\nssl-ca={parts.certificate_authority}\nssl-verify-server-cert\n"
    write_secretly(parts.layout.secrets / "mysql-client.cnf", client)
    mysql.run_sql(parts.layout, COMPOSE / "mysql" / "accounts.sql")
    of = {
        name: {
            "DATABASE_URL": platform.database_url(parts.layout, name),
            "CA_FILE": str(parts.certificate_authority),
        }
        for name in ("platform", "migrator")
    }
    manage(of["migrator"], "migrate", "audit", "--verbosity", "0")
    return of


def manage(account: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | account, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def application(accounts: Accounts, parts: Parts) -> Iterator[Any]:
    """A cursor as the application has it, to a log with one line of today and one of a year ago."""
    import MySQLdb  # is installed where MySQL is, and not before

    connection = MySQLdb.connect(
        host=HOST,
        port=parts.layout.ports["mysql"],
        user="platform",
        password=secret(parts.layout.secrets, "mysql-platform"),
        database="shop",
        ssl={"ca": str(parts.certificate_authority)},
        autocommit=True,
    )
    with closing(connection), closing(connection.cursor()) as cursor:
        now = datetime.now(UTC).replace(tzinfo=None)
        for at in (now, now - timedelta(days=365)):
            cursor.execute(LINE, [at])
        yield cursor


def error_of(cursor: Any, statement: str) -> int:
    import MySQLdb  # is installed where MySQL is, and not before

    with pytest.raises(MySQLdb.Error) as raised:
        cursor.execute(statement)
    return int(raised.value.args[0])


def lines(cursor: Any) -> list[Any]:
    cursor.execute("SELECT * FROM audit_log ORDER BY id")
    return list(cursor.fetchall())


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("UPDATE audit_log SET role = 'nobody'", REFUSED),
        ("UPDATE audit_log AS log, (SELECT 1) AS other SET log.role = 'nobody'", REFUSED),
        ("DELETE FROM audit_log", REFUSED),
        ("DELETE log FROM audit_log AS log JOIN (SELECT 1) AS other", REFUSED),
        ("DELETE FROM audit_log WHERE at < NOW() - INTERVAL 30 DAY", REFUSED),
        (f"REPLACE INTO audit_log (id, {COLUMNS}) SELECT id, {COLUMNS} FROM audit_log", REFUSED),
        (f"INSERT INTO audit_log (id, {COLUMNS}) SELECT id, {COLUMNS} FROM audit_log AS log "
         "ON DUPLICATE KEY UPDATE role = 'nobody'", REFUSED),
        ("TRUNCATE TABLE audit_log", DENIED),
        ("DROP TABLE audit_log", DENIED),
        ("ALTER TABLE audit_log DROP COLUMN role", DENIED),
        ("RENAME TABLE audit_log TO forgotten", DENIED),
        ("DROP TRIGGER audit_log_unchanged", DENIED),
        ("CREATE TRIGGER forging BEFORE INSERT ON audit_log FOR EACH ROW SET NEW.role = 'nobody'", DENIED),
    ],
)  # fmt: skip
def test_the_application_can_only_add(application: Any, statement: str, error: int) -> None:
    before = lines(application)
    assert len(before) >= 2
    assert error_of(application, statement) == error
    assert lines(application) == before


def test_only_who_migrates_forgets_what_is_old(application: Any, accounts: Accounts) -> None:
    forgetting = ("forget_audit_lines", "--older-than-days", "30")
    before = lines(application)
    with pytest.raises(AssertionError, match="only the account that runs the migrations"):
        manage(accounts["platform"], *forgetting)
    assert lines(application) == before
    manage(accounts["migrator"], *forgetting)
    year_ago = datetime.now(UTC).replace(tzinfo=None) - timedelta(days=364)
    kept = [line for line in before if line[1] > year_ago]
    assert lines(application) == kept


def test_not_even_who_migrates_changes_a_line(application: Any, accounts: Accounts) -> None:
    changing = "from django.db import connection as c; c.cursor().execute('UPDATE audit_log SET role = 1')"
    with pytest.raises(AssertionError, match="neither changed nor deleted"):
        manage(accounts["migrator"], "shell", "-c", changing)
