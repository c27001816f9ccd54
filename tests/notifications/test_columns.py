"""Orders in columns bring the same notifications as the same orders one by one."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any

import pytest
from django.db import transaction
from hypothesis import example, given, settings
from hypothesis import strategies as st

from accounts.roles import Role
from events import (
    AlertChange,
    AlertStatus,
    ChangedStatus,
    Correction,
    FraudAlert,
    Status,
    Transaction,
    TransactionCorrected,
    TransactionStatusChanged,
)
from notifications.column_messages import messages_about
from notifications.consumers import notify
from notifications.messages import Message, message_about
from notifications.models import Notification
from streaming.messages import InvalidRecords
from streaming.records import Batch
from streaming.topics import Event
from tests.columns import in_columns, orders
from tests.conftest import AccountOf
from tests.records import batch, recorded
from transactions.models import CorrectedTelling
from transactions.recording import as_corrected

MORNING = datetime(2026, 11, 22, 9, tzinfo=UTC)
ORDER = Transaction("a", 1, 10.0, Status.SUCCESS, MORNING)
tellings = st.builds(
    Transaction,
    order_id=st.sampled_from(["a", "b", "ü", "it's 100 %s \\"]),
    user_id=st.sampled_from([1, 2, 3]),
    amount=st.sampled_from([10.0, 1_234.5, -10.0, -0.0]),
    status=st.sampled_from(Status),
    timestamp=st.sampled_from([MORNING, MORNING + timedelta(hours=2)]),
)
corrections = st.builds(
    TransactionCorrected,
    order_id=st.sampled_from(["a", "b"]),
    user_id=st.sampled_from([1, 2]),
    amount=st.sampled_from([10.0, 1_234.5]),
    status=st.sampled_from(Status),
    timestamp=st.just(MORNING),
    correction=st.sampled_from(Correction),
    origin=st.just("transactions[0]@7"),
)
alerts = st.just(FraudAlert("a", 1, 2e7, "amount-above-limit", AlertChange.RAISED, AlertStatus.OPEN, MORNING))
paid = st.just(TransactionStatusChanged("a", 1, 10.0, ChangedStatus.PENDING, ChangedStatus.SUCCESS, MORNING))
amounts = st.floats(-1e12, 1e12) | st.sampled_from([0.125, 0.135, 1.005, -2.675, -0.0])


@given(
    st.lists(
        st.builds(Transaction, st.just("a-1"), st.integers(0, 9), amounts, st.sampled_from(Status), st.just(MORNING))
    )
)
def test_messages_about_columns_are_those_about_their_orders(events: list[Transaction]) -> None:
    expected = [message for event in events if (message := message_about(event))]
    found = [Message(to, kind, text, order_id) for to, kind, order_id, text in messages_about(orders(*events))]  # type: ignore[arg-type]
    assert found == expected


@pytest.fixture
def people(account: AccountOf) -> None:
    """User 2 has an account, and so an e-mail; user 3 one that was closed; and there is an investigator."""
    for user_id, is_active in ((2, True), (3, False)):
        customer = account(Role.CUSTOMER, user_id=user_id)
        customer.email, customer.is_active = f"{user_id}@shop.example", is_active
        customer.save()
    account(Role.INVESTIGATOR)


@pytest.mark.django_db
@pytest.mark.usefixtures("people")
@settings(deadline=None, max_examples=200)
@given(
    there=st.lists(tellings, max_size=3, unique_by=lambda each: each.order_id),
    told=st.lists(st.one_of(tellings, tellings, corrections, alerts, paid), max_size=8),
    again=st.booleans(),
)
@example(there=[ORDER], told=[ORDER], again=False)
@example(there=[Transaction("a", 1, 10.0, Status.PENDING, MORNING)], told=[ORDER], again=False)
@example(there=[], told=[ORDER, Transaction("b", 2, -10.0, Status.FAILED, MORNING)], again=True)
@example(
    there=[],
    told=[
        TransactionCorrected("b", 2, 10.0, Status.FAILED, MORNING, Correction.COUNTED, "transactions[0]@7"),
        Transaction("b", 2, 1_234.5, Status.FAILED, MORNING),
    ],
    again=False,
)
def test_whatever_is_told_brings_the_same(there: list[Transaction], told: list[Event], again: bool) -> None:
    with transaction.atomic():
        for order in there:
            recorded(order)
        CorrectedTelling.objects.bulk_create(
            as_corrected(each) for each in told if isinstance(each, TransactionCorrected)
        )
        # Between topics there is no order; columns keep to this one.
        received = Batch(sorted(batch(*told).records, key=attrgetter("topic", "offset")))
        row_by_row = brought_by(received, again)
        assert brought_by(in_columns(received), again) == row_by_row
        transaction.set_rollback(True)


def of_mail(each: Notification) -> tuple[Any, ...]:
    return each.email, each.email_due_at is None, each.email_tries, each.email_error


def brought_by(received: Batch[Any], again: bool) -> Counter[tuple[Any, ...]]:
    """What of it is in the table then, but for ids and times; again: the batch is delivered twice."""
    with transaction.atomic():
        for _ in range(1 + again):
            try:
                notify(received)
            except InvalidRecords:
                continue
        brought = Counter(
            (each.recipient, each.kind, each.order_id, each.alert, each.text, each.listed_for, *of_mail(each))
            for each in Notification.objects.all()
        )
        transaction.set_rollback(True)
    return brought
