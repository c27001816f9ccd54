from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from database import inserting
from database.inserting import insert_new_rows, insert_rows
from database.values import stored
from tests.databases import sqlite_only
from transactions.models import Misattribution

MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678_901, UTC)
COLUMNS = ("order_id", "user_id", "told_offset", "told_at")

pytestmark = pytest.mark.django_db


def row(number: int) -> tuple[Any, ...]:
    return f"a-{number}", 7, number, stored(MOMENT)


def test_rows_are_read_as_they_were_inserted() -> None:
    insert_rows(Misattribution, COLUMNS, [row(1), row(2)])
    found = Misattribution.objects.order_by("order_id").values_list(*COLUMNS)
    assert list(found) == [("a-1", 7, 1, MOMENT), ("a-2", 7, 2, MOMENT)]


@pytest.mark.parametrize("a_statement", [1, 2, 100])
@pytest.mark.parametrize("existing", [0, 3, 4])
def test_of_rows_of_which_one_exists_none_is_inserted(
    monkeypatch: pytest.MonkeyPatch, a_statement: int, existing: int
) -> None:
    monkeypatch.setattr(inserting, "ROWS_PER_STATEMENT", a_statement)
    insert_rows(Misattribution, COLUMNS, [row(existing)])
    with transaction.atomic():
        with pytest.raises(IntegrityError):
            insert_rows(Misattribution, COLUMNS, [row(number) for number in range(5)])
        # Whoever called may still ask, in the same database transaction, which one it was.
        assert Misattribution.objects.get().order_id == f"a-{existing}"


@pytest.mark.parametrize("a_statement", [1, 2, 100])
def test_rows_that_are_there_already_are_passed_over(monkeypatch: pytest.MonkeyPatch, a_statement: int) -> None:
    monkeypatch.setattr(inserting, "ROWS_PER_STATEMENT", a_statement)
    insert_rows(Misattribution, COLUMNS, [("a-1", 7, 99, stored(MOMENT))])
    insert_new_rows(Misattribution, COLUMNS, [row(0), row(1), row(2), row(2)])
    assert list(Misattribution.objects.order_by("order_id").values_list("order_id", "told_offset")) == [
        ("a-0", 0),
        ("a-1", 99),
        ("a-2", 2),
    ]


@sqlite_only("MySQL's constraints of this kind are tried in tests/stack")
def test_what_is_wrong_otherwise_is_not_passed_over_and_none_is_inserted() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_new_rows(Misattribution, COLUMNS, [row(0), ("a-1", 7, None, stored(MOMENT))])
    assert not Misattribution.objects.exists()


def test_texts_are_values_whatever_they_say() -> None:
    odd = "x'); DROP TABLE outbox; -- %s"
    insert_rows(Misattribution, COLUMNS, [(odd, 7, 1, stored(MOMENT))])
    assert Misattribution.objects.get().order_id == odd
    assert "outbox" in connection.introspection.table_names()
