from datetime import UTC, datetime

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from database.portions import ASKED_AT_ONCE
from events import Status
from events import Transaction as Order
from tests.records import records
from transactions.locking import locked
from transactions.models import Transaction
from transactions.recording import record
from transactions.refunds import refund_order

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def made(count: int) -> list[str]:
    """The order ids of so many orders, in no order."""
    order_ids = [f"a-{n * 7919 % count}" for n in range(count)]
    record(received=records(*(Order(order_id, 7, 20.0, Status.SUCCESS, NOON) for order_id in order_ids)))
    return order_ids


def test_refunds_come_behind_their_orders_whatever_was_asked_for_and_what_is_not_there_is_left_out() -> None:
    made(3)
    refunds = [refund_order(order_id=order_id, amount=None).refund.order_id for order_id in ("a-2", "a-0")]
    found = list(locked([*refunds, "a-1", "none"]).values())
    assert [row.kind for row in found] == ["ORDER"] * 3 + ["REFUND"] * 2
    assert [row.pk for row in found[:3]] == sorted(row.pk for row in found[:3])
    assert {row.order_id for row in found} == {"a-0", "a-1", "a-2", *refunds}


def test_more_than_are_asked_for_at_once_are_locked_in_the_same_order() -> None:
    order_ids = made(2 * ASKED_AT_ONCE + 1)
    with transaction.atomic(), CaptureQueriesContext(connection) as asked:
        found = list(locked(order_ids).values())
    assert [row.pk for row in found] == list(Transaction.objects.order_by("pk").values_list("pk", flat=True))
    assert max(_parameters(query) for query in asked) == ASKED_AT_ONCE


def _parameters(query: dict[str, str]) -> int:
    return query["sql"].count(",", query["sql"].rindex(" IN (")) + 1


def test_nothing_is_asked_for_nothing() -> None:
    with CaptureQueriesContext(connection) as asked:
        assert locked([]) == {}
    assert len(asked) == 0
