"""The log is only added to; on MySQL, tests/stack/test_audit.py tries it."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from audit import services
from audit.models import AuditLine
from tests.databases import sqlite_only

pytestmark = [
    pytest.mark.django_db,
    sqlite_only("a database's owner may delete on MySQL: see tests/stack/test_audit.py"),
]


def line(days_ago: int = 0) -> AuditLine:
    at = timezone.now() - timedelta(days=days_ago)
    return AuditLine.objects.create(
        at=at,
        account_id=1,
        role="analyst",
        request_id="r",
        route="transactions",
        method="GET",
        format="json",
        status=200,
    )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_log SET role = 'nobody'",
        "DELETE FROM audit_log",
        "INSERT INTO audit_log SELECT * FROM audit_log WHERE true ON CONFLICT (id) DO UPDATE SET role = 'nobody'",
    ],
)
def test_lines_are_neither_changed_nor_deleted(statement: str) -> None:
    line()
    with pytest.raises(DatabaseError, match="neither changed nor deleted"), transaction.atomic():
        connection.cursor().execute(statement)
    assert AuditLine.objects.get().role == "analyst"


def test_nor_by_django() -> None:
    kept = line()
    for change in (kept.delete, kept.save, AuditLine.objects.all().delete):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    assert AuditLine.objects.get() == kept


def test_who_runs_the_command_forgets_what_is_old_and_the_log_is_closed_again() -> None:
    kept, *_ = line(), line(31), line(400)
    told = StringIO()
    call_command("forget_audit_lines", "--older-than-days", "30", stdout=told)
    assert told.getvalue() == "2 lines are forgotten.\n"
    assert list(AuditLine.objects.all()) == [kept]
    with pytest.raises(DatabaseError), transaction.atomic():
        kept.delete()


def test_more_than_a_portion_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "SECONDS_AT_ONCE", 0.0001)
    for _ in range(3):
        line(31)
    assert services.forget_before(datetime.now(UTC)) == 3


def test_what_fails_while_it_forgets_leaves_the_log_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    old = line(31)

    def fail(*_: Any, **__: Any) -> int:
        raise RuntimeError

    monkeypatch.setattr(services, "delete_in_portions", fail)
    with pytest.raises(RuntimeError):
        services.forget_before(timezone.now())
    with pytest.raises(DatabaseError), transaction.atomic():
        old.delete()


@pytest.mark.parametrize("days", ["0", "-1", "1.5", "x", "36501", "٣٠"])
def test_only_whole_days_are_taken(days: str) -> None:
    with pytest.raises(CommandError, match="a whole number of days from 1 to 36500"):
        call_command("forget_audit_lines", "--older-than-days", days)


@pytest.mark.django_db(transaction=True)
def test_a_whole_database_can_be_emptied_and_its_log_stays_closed() -> None:
    line()
    call_command("flush", "--no-input", verbosity=0)
    assert not AuditLine.objects.exists()
    again = line()
    with pytest.raises(DatabaseError):
        again.delete()
