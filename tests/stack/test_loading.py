"""Rows that MySQL loads are those that it would have inserted."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import DataError, IntegrityError, OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from database import loading
from database.inserting import insert_new_rows, insert_rows
from database.values import stored
from events import Status
from events import Transaction as Order
from notifications.consumers import notify
from notifications.models import Notification
from streaming.messages import InvalidRecords
from tests.columns import in_columns
from tests.records import batch
from transactions import consumers
from transactions.models import Misattribution, Transaction

pytestmark = pytest.mark.django_db(transaction=True)

MOMENT = datetime(2026, 11, 22, 12, 0, 0, 123_000, tzinfo=UTC)
COLUMNS = ("order_id", "user_id", "told_offset", "told_at")
ODD = ["\\N", "NULL", "\\", "a\tb", "a\nb", "'; --", '"', " a", "a ", "", "%s", "\0", "á", "\U0001f6d2", "A", "a"]


@pytest.fixture(autouse=True)
def allowed() -> Iterator[None]:
    loading.allow()
    yield
    connection.settings_dict["OPTIONS"]["local_infile"] = False
    connection.close()


def rows(count: int, **first: Any) -> list[tuple[Any, ...]]:
    plain = [dict(zip(COLUMNS, (f"a-{n}", 7, n, stored(MOMENT)), strict=True)) for n in range(count)]
    return [tuple(each.values()) for each in (plain[0] | first, *plain[1:])]


def written(queries: CaptureQueriesContext) -> list[str]:
    return [query["sql"].split()[0] for query in queries if query["sql"].startswith(("LOAD", "INSERT"))]


def test_many_rows_are_loaded_and_read_as_they_were_given() -> None:
    given = [*rows(loading.FEWEST), *((text, 7, 2**40, stored(MOMENT)) for text in ODD)]
    with CaptureQueriesContext(connection) as queries:
        insert_rows(Misattribution, COLUMNS, given)
    assert written(queries) == ["LOAD"]
    found = Misattribution.objects.order_by("pk").values_list(*COLUMNS)
    assert list(found) == [(*row[:3], MOMENT) for row in given]


@pytest.mark.parametrize("text", ["a\x1fb", "a\x1eb"])
def test_a_text_with_a_separator_is_inserted(text: str) -> None:
    with CaptureQueriesContext(connection) as queries:
        insert_rows(Misattribution, COLUMNS, rows(loading.FEWEST, order_id=text))
    assert written(queries) == ["INSERT"]
    assert Misattribution.objects.filter(order_id=text).exists()


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"order_id": "x" * 65}, DataError),
        ({"user_id": -1}, DataError),
        ({"user_id": "7a"}, DataError),
        ({"told_offset": None}, IntegrityError),
        ({"told_at": "yesterday"}, OperationalError),
    ],
)
@pytest.mark.parametrize("insert", [insert_rows, insert_new_rows])
def test_what_is_wrong_is_an_error_and_nothing_is_there(
    insert: Any, wrong: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        insert(Misattribution, COLUMNS, rows(loading.FEWEST, **wrong))
    assert not Misattribution.objects.exists()


def test_of_rows_of_which_one_is_there_twice_none_is_inserted() -> None:
    with pytest.raises(IntegrityError):
        insert_rows(Misattribution, COLUMNS, rows(loading.FEWEST, order_id="a-1"))
    assert not Misattribution.objects.exists()


def test_rows_that_are_there_already_are_passed_over() -> None:
    insert_rows(Misattribution, COLUMNS, [("a-1", 7, 99, stored(MOMENT))])
    insert_new_rows(Misattribution, COLUMNS, rows(loading.FEWEST))
    assert Misattribution.objects.count() == loading.FEWEST
    assert Misattribution.objects.get(order_id="a-1").told_offset == 99


def test_what_was_taken_back_leaves_the_transaction_around_it_as_it_was() -> None:
    with transaction.atomic():
        insert_rows(Misattribution, COLUMNS, rows(1))
        assert not loading.is_loaded(Misattribution._meta.db_table, COLUMNS, rows(loading.FEWEST))
        assert Misattribution.objects.count() == 1
    assert Misattribution.objects.count() == 1


@pytest.mark.parametrize("recorded", [None, 1])
def test_orders_are_loaded_once_and_a_contradiction_is_refused(recorded: int | None) -> None:
    order = Order("a-1", 7, 12.5, Status.SUCCESS, MOMENT)
    told = [replace(order, order_id=f"a-{n}", amount=n - 3.25) for n in range(loading.FEWEST)]
    if recorded is not None:
        consumers.record(batch(replace(told[recorded], user_id=8)))
    for is_repeated in (False, True):
        if recorded is None:
            with CaptureQueriesContext(connection) as queries:
                consumers.record(in_columns(batch(*told)))
            assert written(queries) == ([] if is_repeated else ["LOAD"])
        else:
            with pytest.raises(InvalidRecords, match="another user"):
                consumers.record(in_columns(batch(*told)))
        assert Transaction.objects.count() == len(told)
    assert Transaction.objects.filter(kind="REFUND").count() == 4


def test_notifications_of_orders_are_loaded_and_those_that_are_there_passed_over() -> None:
    order = Order("a-1", 7, 12.5, Status.SUCCESS, MOMENT)
    told = in_columns(batch(*(replace(order, order_id=f"a-{n}") for n in range(loading.FEWEST))))
    for statements in (["LOAD"], ["LOAD", "INSERT"]):
        with CaptureQueriesContext(connection) as queries:
            notify(told)
        assert written(queries) == statements
        assert Notification.objects.count() == loading.FEWEST


def test_who_has_not_asked_for_it_sends_no_file() -> None:
    connection.settings_dict["OPTIONS"]["local_infile"] = False
    connection.close()
    with CaptureQueriesContext(connection) as queries:
        insert_rows(Misattribution, COLUMNS, rows(loading.FEWEST))
    assert written(queries) == ["INSERT"]
    with pytest.raises(OperationalError, match="3948"), connection.cursor() as cursor:
        cursor.execute("LOAD DATA LOCAL INFILE '/etc/hostname' INTO TABLE outbox (topic)")
