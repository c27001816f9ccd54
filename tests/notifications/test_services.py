from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.core import mail

from accounts.roles import Role
from api.models import Customer
from events import AlertChange, AlertStatus, ChangedStatus, FraudAlert, Status, Transaction, TransactionStatusChanged
from notifications import consumers
from notifications.models import Notification
from notifications.services import send_waiting_emails
from streaming.records import Batch, Record
from streaming.topics import TOPICS, Event
from tests.conftest import AccountOf
from tests.records import recorded

pytestmark = pytest.mark.django_db

MOMENT = datetime(2026, 11, 22, 12, tzinfo=UTC)
ORDER = Transaction("a-1", 7, 1234.5, Status.PENDING, MOMENT)
PAID = TransactionStatusChanged("a-1", 7, 1234.5, ChangedStatus.PENDING, ChangedStatus.SUCCESS, MOMENT)
ALERT = FraudAlert("a-1", 7, 2e7, "amount-above-limit", AlertChange.RAISED, AlertStatus.OPEN, MOMENT)


def notify(*events: Event) -> None:
    consumers.notify(Batch([Record(each, TOPICS[type(each)], 0, n, MOMENT) for n, each in enumerate(events)]))


def told() -> list[tuple[str, str, str]]:
    return list(Notification.objects.order_by("pk").values_list("recipient", "kind", "text"))


@pytest.mark.parametrize(
    ("event", "kind", "text"),
    [
        (ORDER, "ORDER_CREATED", "We have your order a-1 of 1,234.50 EUR."),
        (replace(ORDER, status=Status.SUCCESS), "ORDER_PAID", "Your order a-1 of 1,234.50 EUR is paid."),
        (replace(ORDER, status=Status.FAILED), "ORDER_FAILED", "The payment of your order a-1 of 1,234.50 EUR failed."),
        (replace(ORDER, amount=-5.0, status=Status.SUCCESS), "ORDER_REFUNDED", "You get 5.00 EUR back (a-1)."),
        (PAID, "ORDER_PAID", "Your order a-1 of 1,234.50 EUR is paid."),
        (
            replace(PAID, status=ChangedStatus.FAILED),
            "ORDER_FAILED",
            "The payment of your order a-1 of 1,234.50 EUR failed.",
        ),
    ],
)
def test_a_customer_is_told_what_became_of_an_order(event: Event, kind: str, text: str) -> None:
    if isinstance(event, TransactionStatusChanged):
        recorded(ORDER, became=event.status)
    notify(event)
    assert told() == [("customer:7", kind, text)]


def test_a_refund_is_told_once_although_two_events_tell_of_it() -> None:
    refund = Transaction("refund-a-1", 7, -1234.5, Status.SUCCESS, MOMENT)
    recorded(ORDER, became=ChangedStatus.REFUNDED)
    notify(replace(PAID, previous=ChangedStatus.SUCCESS, status=ChangedStatus.REFUNDED), refund)
    assert [kind for _, kind, _ in told()] == ["ORDER_REFUNDED"]


REFUND = Transaction("refund-a-1", 7, -1234.5, Status.PENDING, MOMENT)
SETTLED = TransactionStatusChanged("refund-a-1", 7, -1234.5, ChangedStatus.PENDING, ChangedStatus.SUCCESS, MOMENT)


def test_a_refund_that_succeeds_after_it_was_announced_says_nothing_of_a_payment() -> None:
    recorded(REFUND, became=ChangedStatus.SUCCESS)
    notify(REFUND, SETTLED)
    assert [kind for _, kind, _ in told()] == ["ORDER_REFUNDED"]


def test_a_refund_that_fails_after_it_was_announced_is_taken_back() -> None:
    recorded(REFUND, became=ChangedStatus.FAILED)
    notify(REFUND, replace(SETTLED, status=ChangedStatus.FAILED))
    assert [kind for _, kind, _ in told()] == ["ORDER_REFUNDED", "ORDER_REVERSED"]


def test_a_refund_that_had_failed_when_it_came_promises_nothing() -> None:
    notify(replace(REFUND, status=Status.FAILED))
    assert told() == []


def test_every_investigator_is_told_of_an_alert_and_nobody_of_its_changes(account: AccountOf) -> None:
    investigators = [account(Role.INVESTIGATOR), account(Role.INVESTIGATOR)]
    account(Role.ANALYST)
    notify(ALERT, replace(ALERT, change=AlertChange.CHANGED, status=AlertStatus.CONFIRMED))
    assert {recipient for recipient, _, _ in told()} == {f"account:{each.pk}" for each in investigators}
    assert len(told()) == 2


def test_a_batch_delivered_twice_tells_once(account: AccountOf) -> None:
    account(Role.INVESTIGATOR)
    recorded(ORDER, became=ChangedStatus.SUCCESS)
    for _ in range(2):
        notify(ORDER, PAID, ALERT)
    assert len(told()) == 3


def test_customers_with_an_account_get_an_email_once(account: AccountOf) -> None:
    customer = account(Role.CUSTOMER, user_id=7)
    customer.email = "seven@shop.example"
    customer.save()
    notify(ORDER, replace(ORDER, order_id="b-1", user_id=8))
    assert send_waiting_emails() == 1
    assert send_waiting_emails() == 0
    assert [(each.to, each.subject, each.body) for each in mail.outbox] == [
        (["seven@shop.example"], "We have your order", "We have your order a-1 of 1,234.50 EUR.")
    ]


def test_no_email_goes_to_an_account_that_was_closed(account: AccountOf) -> None:
    customer = account(Role.CUSTOMER, user_id=7)
    Customer.objects.filter(account=customer).update(user_id=7)
    customer.email, customer.is_active = "seven@shop.example", False
    customer.save()
    notify(ORDER)
    assert send_waiting_emails() == 0
