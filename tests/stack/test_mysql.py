"""What only MySQL can prove."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from threading import Barrier, Thread
from typing import Any

import pytest
from django.core.checks import run_checks
from django.db import DataError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from database.inserting import insert_new_rows, insert_rows
from database.values import stored
from events import Status
from events import Transaction as Order
from streaming.consuming.retries import again_if_given_up
from tests.records import records
from transactions.models import Misattribution, Transaction
from transactions.recording import record

pytestmark = pytest.mark.django_db

MOMENT = datetime(2026, 11, 22, 12, 0, 0, 123_000, tzinfo=UTC)
ORDER = Order("a-1", 7, 12.5, Status.SUCCESS, MOMENT)


def row(**values: Any) -> Transaction:
    plain = {"order_id": "a-1", "user_id": 7, "amount": 1, "status": "SUCCESS", "timestamp": MOMENT, "kind": "ORDER"}
    return Transaction(**plain | values)


def answer(sql: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()


def test_ids_that_differ_in_capitals_accents_or_blanks_are_different() -> None:
    names = ["a-1", "A-1", "á-1", "a-1 ", " a-1", "a\u200b-1", "\U0001f6d2"]
    record(received=records(*(replace(ORDER, order_id=name) for name in names)))
    for name in names:
        assert Transaction.objects.get(order_id=name).order_id == name
    assert list(Transaction.objects.order_by("order_id").values_list("order_id", flat=True)) == sorted(names)


def test_the_session_is_strict_and_reads_what_is_committed() -> None:
    mode, isolation, zone, names, patience = answer(
        "SELECT @@sql_mode, @@transaction_isolation, @@time_zone, @@character_set_client, @@lock_wait_timeout"
    )
    assert "STRICT_ALL_TABLES" in mode
    assert (isolation, zone, names) == ("READ-COMMITTED", "+00:00", "utf8mb4")
    assert patience == 10


def test_nothing_is_wrong_with_the_database() -> None:
    assert run_checks(tags=["database"], databases=["default"]) == []


KNOWN_TO_ALL = ("id", "order_id", "user_id", "amount", "status", "timestamp", "kind", "recorded_at", "updated_at")


def test_a_row_that_is_there_already_stays_as_it_is() -> None:
    record(received=records(ORDER))
    (before,) = Transaction.objects.values_list(*KNOWN_TO_ALL)
    record(received=records(replace(ORDER, amount=99.0), replace(ORDER, order_id="a-2"), first_offset=1))
    assert Transaction.objects.values_list(*KNOWN_TO_ALL).get(order_id="a-1") == before
    assert Transaction.objects.filter(order_id="a-2").exists()


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"order_id": "x" * 65}, DataError),
        ({"status": "SUCCESSFUL"}, DataError),
        ({"status": "LOST"}, IntegrityError),
        ({"user_id": -1}, DataError),
        ({"user_id": 2**32}, DataError),
        ({"amount": Decimal(-1)}, IntegrityError),
        ({"kind": None}, IntegrityError),
    ],
)
def test_what_does_not_fit_is_refused_also_where_rows_may_be_there_already(
    values: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error), transaction.atomic():
        Transaction.objects.bulk_create([row(**values)], ignore_conflicts=True)
    assert not Transaction.objects.exists()


def test_rows_inserted_by_hand_pass_over_what_is_there_and_nothing_else() -> None:
    columns = ("order_id", "user_id", "told_offset", "told_at")
    there, new = ("a-1", 7, 1, stored(MOMENT)), ("a-2", 7, 2, stored(MOMENT))
    insert_rows(Misattribution, columns, [there])
    insert_new_rows(Misattribution, columns, [there, new, new])
    assert Misattribution.objects.count() == 2
    for wrong in (("x" * 65, 7, 1, stored(MOMENT)), ("a-3", -1, 1, stored(MOMENT)), ("a-3", 7, None, stored(MOMENT))):
        with pytest.raises((DataError, IntegrityError)), transaction.atomic():
            insert_new_rows(Misattribution, columns, [wrong])
    assert Misattribution.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_transaction_takes_two_round_trips_beside_its_statements() -> None:
    with CaptureQueriesContext(connection) as queries, transaction.atomic():
        Misattribution.objects.count()
    first, _, last = [query["sql"] for query in queries]
    assert (first, last) == ("START TRANSACTION", "COMMIT")


def test_a_moment_keeps_its_milliseconds() -> None:
    record(received=records(ORDER))
    assert Transaction.objects.get().timestamp == MOMENT


@pytest.fixture
def two_rows(transactional_db: None) -> Iterator[None]:
    Transaction.objects.bulk_create([row(order_id="a-1"), row(order_id="a-2")])
    yield
    Transaction.objects.all().delete()


@pytest.mark.django_db(transaction=True)
def test_of_two_batches_that_wait_for_each_other_both_are_done(two_rows: None) -> None:
    both_hold_one, tries, errors = Barrier(2, timeout=10), [], []

    def work(order_ids: tuple[str, str]) -> None:
        tries.append(order_ids)
        with transaction.atomic():
            for number, order_id in enumerate(order_ids):
                found = Transaction.objects.select_for_update().get(order_id=order_id)
                if number == 0 and len(tries) <= 2:
                    both_hold_one.wait()
                Transaction.objects.filter(pk=found.pk).update(amount=found.amount + 1)

    def worker(order_ids: tuple[str, str]) -> None:
        try:
            again_if_given_up(work)(order_ids)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [Thread(target=worker, args=(ids,)) for ids in (("a-1", "a-2"), ("a-2", "a-1"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert errors == []
    assert len(tries) == 3
    assert set(Transaction.objects.values_list("amount", flat=True)) == {Decimal(3)}
