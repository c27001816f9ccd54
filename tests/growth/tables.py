"""Tables with so many rows that looking through one of them shows."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from django.contrib.auth.models import Group, User
from django.db import connection, transaction
from django.db.models import Model

from accounts.roles import Role
from analytics.models import HourlyTotal, ShopHour
from analytics.services import correct_shop_hours
from api.models import Customer, IdempotencyKey
from audit.models import AuditLine
from audit.services import forget_before
from events import AlertStatus
from fraud.models import AlertCount, AlertEntry, DecisionTime, FraudAlert
from fraud.rules import AMOUNT_ABOVE_LIMIT
from notifications.models import Notification, RefusedAddress
from streaming.models import OutboxMessage
from transactions.models import CorrectedTelling, Transaction

ROWS = 20_000
"""in each of the large tables"""
USER_ID = 7
"""a customer's"""
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
NOW = BEGIN + ROWS * timedelta(minutes=1)
DECIDED = ("CONFIRMED", "DISMISSED")
TABLES: tuple[type[Model], ...] = (
    Transaction, CorrectedTelling, HourlyTotal, ShopHour, AlertEntry, FraudAlert, AlertCount, DecisionTime,
    Notification, RefusedAddress, OutboxMessage, IdempotencyKey, Customer, User,
)  # fmt: skip
FILLED: tuple[type[Model], ...] = (*TABLES, AuditLine)
"""The audit log is emptied in its own way: nobody may delete its rows."""


def fill() -> None:
    with transaction.atomic():
        people()
        orders()
        alerts()
        told()
        read()
    if connection.vendor == "mysql":
        with connection.cursor() as cursor:
            for model in FILLED:
                cursor.execute(f"ANALYZE TABLE {connection.ops.quote_name(model._meta.db_table)}")


def empty() -> None:
    with transaction.atomic():
        for model in TABLES:
            model._base_manager.all().delete()
    forget_before(NOW)


def _at(number: int) -> datetime:
    return BEGIN + number * timedelta(minutes=1)


def _make(model: type[Model], rows: Iterable[Any]) -> None:
    each = iter(rows)
    while some := list(islice(each, 1000)):
        model._base_manager.bulk_create(some)


def people() -> None:
    for role in Role:
        account = User.objects.create(username=str(role), is_staff=role is Role.INVESTIGATOR, email="a@shop.example")
        account.groups.add(Group.objects.get_or_create(name=role)[0])
    User.objects.create(username="root", is_staff=True, is_superuser=True)
    _make(User, (User(username=f"customer-{number}") for number in range(2000)))
    accounts = User.objects.filter(username__startswith="customer-")
    _make(Customer, (Customer(account=account, user_id=10_000 + n) for n, account in enumerate(accounts)))
    Customer.objects.create(account=User.objects.get(username=Role.CUSTOMER), user_id=USER_ID)


def orders() -> None:
    _make(Transaction, map(order, range(ROWS)))
    Transaction.objects.update(recorded_at=NOW)
    _make(
        HourlyTotal,
        (
            HourlyTotal(
                user_id=n % 2000, hour=BEGIN + n // 2000 * timedelta(hours=1), total_cents=1, transaction_count=1
            )
            for n in range(ROWS)
        ),
    )
    correct_shop_hours(hours=[BEGIN + n * timedelta(hours=1) for n in range(ROWS // 2000)])
    _make(
        CorrectedTelling,
        (
            CorrectedTelling(
                origin=f"transactions[0]@{n}",
                correction="REVERSED",
                order_id=f"o-{n:06}",
                user_id=n,
                amount=1,
                status="SUCCESS",
                timestamp=_at(n),
            )
            for n in range(ROWS // 4)
        ),
    )
    _make(OutboxMessage, (OutboxMessage(topic="transactions", message_key="7", payload=b"x") for _ in range(ROWS // 4)))


def order(number: int) -> Transaction:
    """Of 2,000 users; a quarter failed, a fifth are refunds, none of which failed, and the last few are pending."""
    refund = number % 10 in (1, 3)
    status = "PENDING" if number >= ROWS - 20 else "FAILED" if number % 4 == 0 else "SUCCESS"
    return Transaction(
        order_id=f"o-{number:06}",
        user_id=number % 2000,
        amount=(number * 7919 % 100_000) / 100 * (-1 if refund else 1),
        status=status,
        entered_as=status,
        timestamp=_at(number),
        kind="REFUND" if refund else "ORDER",
        refund_of=f"o-{number - 1:06}" if refund else None,
    )


def alerts() -> None:
    _make(FraudAlert, map(alert, range(ROWS // 2)))
    raised = FraudAlert.objects.order_by("pk").values_list("pk", "status")
    steps = [
        (pk, before, after)
        for pk, status in raised
        for before, after in (("", "OPEN"), *([("OPEN", status)] if status in DECIDED else []))
    ]
    _make(AlertEntry, (AlertEntry(alert_id=pk, previous_status=before, status=after) for pk, before, after in steps))
    for status in AlertStatus:
        count = sum(each == status for _, each in raised)
        AlertCount.objects.create(rule=AMOUNT_ABOVE_LIMIT, status=status, alerts=count)
        if status in DECIDED:
            DecisionTime.objects.create(
                rule=AMOUNT_ABOVE_LIMIT, outcome=status, within=300, decisions=count, micros=count
            )


def alert(number: int) -> FraudAlert:
    """Half of them wait to be decided; the customer has some."""
    return FraudAlert(
        order_id=f"f-{number:06}",
        user_id=number % 1000,
        amount=10_000_000 + number * 7919 % 100_000,
        timestamp=_at(number),
        rule=AMOUNT_ABOVE_LIMIT,
        status=("OPEN", "CONFIRMED", "OPEN", "DISMISSED")[number % 4],
        raised_at=_at(number),
    )


def told() -> None:
    investigator = User.objects.get(username=Role.INVESTIGATOR)
    _make(
        Notification,
        (
            Notification(
                recipient=f"account:{investigator.pk}" if n % 2 else f"customer:{n % 2000}",
                kind="FRAUD_ALERT" if n % 2 else "ORDER_PAID",
                order_id=f"o-{n:06}",
                text="Paid.",
                read_at=NOW if n < ROWS - 100 else None,
                email="a@shop.example",
                emailed_at=NOW,
            )
            for n in range(ROWS)
        ),
    )
    _make(
        IdempotencyKey,
        (IdempotencyKey(account=investigator, key=f"key-{n}", fingerprint="x") for n in range(ROWS // 4)),
    )
    RefusedAddress.objects.create(address="b@shop.example", reason="550", at=NOW, of_staff=False)


def read() -> None:
    """The audit log, of five readers."""
    _make(
        AuditLine,
        (
            AuditLine(
                at=_at(n),
                account_id=9001 + n % 5,
                role="analyst",
                request_id=f"r-{n}",
                route="transaction",
                method="GET",
                format="json",
                status=200,
                user_id=n % 2000,
                order_id=f"o-{n:06}",
                shown=1,
            )
            for n in range(ROWS)
        ),
    )
