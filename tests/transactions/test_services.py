from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

import events
from events import ChangedStatus, Status, TransactionStatusChanged
from streaming import clients
from streaming.messages import InvalidRecords
from streaming.models import OutboxMessage
from streaming.records import Batch, Record
from streaming.topics import Event, Topic
from tests.columns import in_columns
from tests.records import records
from transactions import consumers, recording, rows
from transactions.models import Kind, Transaction
from transactions.recording import record
from transactions.refund_rules import new_refund_id
from transactions.services import AlreadyExists, NotAllowed, change_status, create_transactions

pytestmark = pytest.mark.django_db

MOMENT = datetime(2026, 11, 22, 12, tzinfo=UTC)
ORDER = events.Transaction("a-1", 7, 12.34, Status.PENDING, MOMENT)


def told() -> list[Event]:
    """What the outbox holds, in order."""
    decode = clients.codec().decode
    return [decode(Topic(row.topic), bytes(row.payload)) for row in OutboxMessage.objects.order_by("id")]


def batch(*orders: events.Transaction, first_offset: int = 0) -> Batch[events.Transaction]:
    return Batch(
        [Record(order, Topic.TRANSACTIONS, 0, offset, MOMENT) for offset, order in enumerate(orders, first_offset)]
    )


def test_a_new_order_is_recorded_and_told_together() -> None:
    create_transactions(orders=[ORDER])
    row = Transaction.objects.get()
    assert (row.amount, row.kind, row.status) == (Decimal("12.34"), Kind.ORDER, "PENDING")
    assert told() == [ORDER]


def test_of_orders_of_which_one_exists_none_is_recorded() -> None:
    create_transactions(orders=[ORDER])
    with pytest.raises(AlreadyExists, match="a-1"), transaction.atomic():
        create_transactions(orders=[replace(ORDER, order_id="a-2"), ORDER])
    assert Transaction.objects.count() == 1
    assert len(told()) == 1


def test_a_change_of_status_tells_the_previous_one_and_the_amount() -> None:
    create_transactions(orders=[ORDER])
    change_status(order_id="a-1", status=ChangedStatus.SUCCESS)
    change = told()[-1]
    assert isinstance(change, TransactionStatusChanged)
    assert (change.previous, change.status, change.cents) == (ChangedStatus.PENDING, ChangedStatus.SUCCESS, 1234)


def test_a_refund_is_a_transaction_of_its_own() -> None:
    create_transactions(orders=[replace(ORDER, status=Status.SUCCESS)])
    refund = change_status(order_id="a-1", status=ChangedStatus.REFUNDED).refund
    assert refund is not None
    assert (refund.order_id, refund.amount, refund.kind, refund.refund_of) == (
        refund.order_id, Decimal("-12.34"), Kind.REFUND, "a-1",
    )  # fmt: skip
    _, change, event = told()
    assert (change.status, change.cents) == (ChangedStatus.REFUNDED, 1234)  # type: ignore[union-attr]
    assert (event.order_id, event.cents, event.status) == (refund.order_id, -1234, Status.SUCCESS)  # type: ignore[union-attr]


def test_a_refund_cannot_be_refunded() -> None:
    create_transactions(orders=[replace(ORDER, status=Status.SUCCESS)])
    refund = change_status(order_id="a-1", status=ChangedStatus.REFUNDED).refund
    assert refund is not None
    with pytest.raises(NotAllowed, match="is a refund itself"):
        change_status(order_id=refund.order_id, status=ChangedStatus.REFUNDED)


def test_nobody_takes_the_id_of_a_refund_beforehand() -> None:
    create_transactions(orders=[replace(ORDER, status=Status.SUCCESS), replace(ORDER, order_id="refund-a-1")])
    refund = change_status(order_id="a-1", status=ChangedStatus.REFUNDED).refund
    assert refund is not None
    assert refund.order_id.startswith("refund-a-1-")


@pytest.mark.parametrize(
    ("status", "wanted"),
    [
        (Status.PENDING, ChangedStatus.REFUNDED),
        (Status.PENDING, ChangedStatus.PENDING),
        (Status.SUCCESS, ChangedStatus.FAILED),
        (Status.SUCCESS, ChangedStatus.SUCCESS),
        (Status.FAILED, ChangedStatus.SUCCESS),
        (Status.FAILED, ChangedStatus.REFUNDED),
    ],
)
def test_a_status_that_cannot_follow_is_refused(status: Status, wanted: ChangedStatus) -> None:
    create_transactions(orders=[replace(ORDER, status=status)])
    with pytest.raises(NotAllowed, match=f"{status} cannot become {wanted}"):
        change_status(order_id="a-1", status=wanted)
    assert len(told()) == 1


def test_refund_ids_fit_into_the_column_and_differ() -> None:
    long_ids = [f"{'x' * 63}{n}" for n in range(2)]
    ids = [new_refund_id(order_id) for order_id in [*long_ids, "x" * 57, "x" * 44, "x" * 43, "a", "a"]]
    assert len(set(ids)) == 7
    assert max(map(len, ids)) <= 64


@pytest.mark.parametrize("form", [lambda batch: batch, in_columns], ids=["row by row", "in columns"])
def test_a_batch_delivered_twice_is_recorded_once(form: Callable[[Batch[Any]], Batch[Any]]) -> None:
    orders = [replace(ORDER, order_id=f"a-{n}") for n in range(5)]
    for _ in range(2):
        consumers.record(form(batch(*orders)))
    assert sorted(Transaction.objects.values_list("order_id", flat=True)) == [f"a-{n}" for n in range(5)]


@pytest.mark.parametrize("recorded", [0, 1, 59])
def test_of_a_batch_of_new_orders_one_that_is_recorded_otherwise_is_refused(recorded: int) -> None:
    told = [replace(ORDER, order_id=f"a-{n}") for n in range(60)]
    create_transactions(orders=[replace(told[recorded], user_id=8)])
    with pytest.raises(InvalidRecords) as refused:
        consumers.record(in_columns(batch(*told)))
    [(telling, why)] = refused.value.reasons
    assert telling.event == told[recorded]
    assert "another user" in why
    assert Transaction.objects.count() == 60
    assert Transaction.objects.get(user_id=8).order_id == f"a-{recorded}"


def test_whether_a_batch_is_new_is_asked_of_few_of_it_and_it_is_not_looked_for_then() -> None:
    told = [replace(ORDER, order_id=f"a-{n}") for n in range(200)]
    with CaptureQueriesContext(connection) as queries:
        consumers.record(in_columns(batch(*told)))
    asked = [query["sql"].count("'a-") for query in queries if query["sql"].startswith("SELECT")]
    assert asked
    assert max(asked) == consumers.SAMPLED


COLUMNS_OF_ROWS = [name for name in rows.COLUMNS if name not in ("recorded_at", "updated_at")]
strange = st.builds(
    events.Transaction,
    st.sampled_from(["a", "b", "c", "d", "é"]),
    st.sampled_from([1, 2]),
    st.sampled_from([10.0, -10.0, 0.0, -0.01, 1e12, 10.005, 12.3]),
    st.sampled_from(Status),
    st.sampled_from([ORDER.timestamp, ORDER.timestamp + timedelta(milliseconds=1)]),
)


@given(st.lists(strange, max_size=12), st.integers(0, 12))
def test_what_is_told_in_columns_is_recorded_as_row_by_row(told: list[events.Transaction], cut: int) -> None:
    outcomes = []
    for form in (lambda batch: batch, in_columns):
        with transaction.atomic():
            refused = []
            for some, begin in ((told[:cut], 0), (told[cut:], cut)):
                given = form(batch(*some, first_offset=begin))
                refused += recording.record(received=given.records, orders=given.orders)
            recorded = list(Transaction.objects.order_by("order_id").values_list(*COLUMNS_OF_ROWS))
            published = [bytes(row.payload) for row in OutboxMessage.objects.order_by("pk")]
            outcomes.append((recorded, published, sorted((telling.offset, why) for telling, why in refused)))
            transaction.set_rollback(True)
    assert outcomes[0] == outcomes[1]


def test_an_order_that_came_by_the_api_is_recognised_in_the_topic() -> None:
    create_transactions(orders=[ORDER])
    change_status(order_id="a-1", status=ChangedStatus.SUCCESS)
    consumers.record(batch(ORDER))
    assert Transaction.objects.get().status == "SUCCESS"


def test_what_comes_by_the_topic_is_not_told_again() -> None:
    record(received=records(ORDER))
    assert told() == []


def test_a_negative_amount_from_the_topic_is_a_refund() -> None:
    record(received=records(replace(ORDER, amount=-5.0)))
    assert Transaction.objects.get().kind == Kind.REFUND
