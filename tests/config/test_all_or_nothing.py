"""Every service that writes does all or nothing: whichever of its writes fails, none is left."""

import ast
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db import OperationalError, connection

import events
from accounts import person
from accounts.authentication import make_token
from accounts.demo import make_demo_accounts
from accounts.issued import change, issue
from accounts.roles import Role
from analytics.column_windows import by_hour, totals_of
from analytics.models import HourlyTotal
from analytics.services import (
    add_columns,
    add_to_hourly_totals,
    additions_of,
    correct_hourly_totals,
    correct_shop_hours,
)
from analytics.windows import Sums
from api.models import Customer
from database.inserting import ROWS_PER_STATEMENT
from events import AlertStatus, ChangedStatus, Status
from fraud.models import FraudAlert
from fraud.services import change_alert, raise_alerts, realign
from notifications.mail import Blame
from notifications.mailing import _mark_failed
from notifications.messages import Kind
from notifications.models import Notification
from notifications.services import notify
from reconciliation.comparison import Comparison, Result
from reconciliation.services import keep
from streaming.consuming.exactly_once import apply_once
from streaming.records import Batch, Record
from streaming.topics import Topic
from tests.columns import orders
from tests.records import records
from transactions.recording import record
from transactions.refunds import refund_order
from transactions.services import change_status, create_transactions, restore

pytestmark = pytest.mark.django_db(transaction=True)

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ORDER = events.Transaction("a-1", 7, 20_000_000.0, Status.SUCCESS, NOON)
OTHER = replace(ORDER, order_id="a-2")
WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")
Write = Callable[[], object]


def creating_orders() -> Write:
    return lambda: create_transactions(orders=[ORDER, OTHER])


def refunding_an_order() -> Write:
    create_transactions(orders=[ORDER])
    return lambda: change_status(order_id="a-1", status=ChangedStatus.REFUNDED)


def refunding_a_part_of_an_order() -> Write:
    create_transactions(orders=[ORDER])
    return lambda: refund_order(order_id="a-1", amount=Decimal(5))


def refunding_the_last_part_of_an_order() -> Write:
    refunding_a_part_of_an_order()()
    return lambda: refund_order(order_id="a-1")


def restoring_rows() -> Write:
    refunded = {"a-1": ChangedStatus.REFUNDED}
    refund = replace(ORDER, order_id="refund-a-1", amount=-ORDER.amount)
    return lambda: restore(lost=records(ORDER, OTHER, refund), statuses=refunded)


def settling_tellings() -> Write:
    record(received=records(replace(ORDER, status=Status.PENDING)))
    others = replace(ORDER, user_id=8)
    return lambda: record(received=records(ORDER, OTHER, others, first_offset=1))


def raising_alerts() -> Write:
    return lambda: raise_alerts(received=[ORDER, OTHER])


def realigning_alerts() -> Write:
    raise_alerts(received=[ORDER])
    create_transactions(orders=[replace(ORDER, amount=30_000_000.0), OTHER])
    return lambda: realign(order_ids=["a-1", "a-2"])


def taking_an_alert() -> Write:
    raise_alerts(received=[ORDER])
    by = User.objects.create_user("amelia")
    alert = FraudAlert.objects.get()
    return lambda: change_alert(alert=alert, by=by, status=AlertStatus.INVESTIGATING, assignee=by, note="mine")


def making_a_token() -> Write:
    account = User.objects.create_user("amelia")
    return lambda: make_token(account, name="till")


def issuing_a_token() -> Write:
    account = User.objects.create_user("amelia")
    return lambda: issue(account=account, name="till", may_write=True, expires_at=NOON + timedelta(days=1))


def changing_a_token() -> Write:
    kept, _ = make_token(User.objects.create_user("amelia"))
    return lambda: change(details=kept.details, name="till", expires_at=NOON + timedelta(days=1))


def adding_to_totals() -> Write:
    totals = {(user, NOON): Sums(1, 1) for user in range(2 * ROWS_PER_STATEMENT)}
    return lambda: add_to_hourly_totals(totals=totals)


def adding_columns_to_totals() -> Write:
    told = [replace(ORDER, user_id=user) for user in range(2 * ROWS_PER_STATEMENT)]
    users = totals_of(orders(*told, at=ORDER.timestamp))
    return lambda: add_columns(additions_of(users=users, shop=by_hour(users)))


def correcting_totals() -> Write:
    add_to_hourly_totals(totals={(7, NOON): Sums(5, 5)})
    return lambda: correct_hourly_totals(by={(7, NOON): Sums(-1, -1), (8, NOON): Sums(1, 1)})


def correcting_the_shops_hours() -> Write:
    hours = [NOON - timedelta(hours=hours) for hours in range(2 * ROWS_PER_STATEMENT)]
    HourlyTotal.objects.bulk_create(HourlyTotal(user_id=7, hour=hour, total_cents=1) for hour in hours)
    return lambda: correct_shop_hours(hours=hours)


def applying_a_batch() -> Write:
    records = [Record(ORDER, Topic.TRANSACTIONS, partition, 0, NOON) for partition in (0, 1)]

    def apply() -> None:
        with apply_once("totals", Batch(records)) as received:
            add_to_hourly_totals(totals={(event.user_id, NOON): Sums(1, 1) for event in received.events})

    return apply


def keeping_comparisons() -> Write:
    keep(results=[Result(Comparison.ROWS, 1, 1)])
    return lambda: keep(results=[Result(Comparison.ROWS, 2, 2), Result(Comparison.TOTALS, 3, 3)])


def marking_an_address_as_refused() -> Write:
    told = Notification.objects.create(
        recipient="customer:7", kind=Kind.ORDER_FAILED, email="a@b.example", text="Refused."
    )
    return lambda: _mark_failed([told], Blame.ADDRESS, "550 no such user")


def notifying_of_orders() -> Write:
    """Of one whose customer gets an e-mail, and of one whose customer gets none."""
    customer = User.objects.create_user("amelia", email="a@b.example")
    Customer.objects.create(account=customer, user_id=8)
    told = orders(ORDER, replace(OTHER, user_id=8))
    return lambda: notify(messages=[], orders=told)


def making_accounts() -> Write:
    # A transactional test finds the tables without what migrations put there.
    for role in Role:
        Group.objects.get_or_create(name=role)
    return lambda: make_demo_accounts(customer_user_id=7)


def emptying_an_account() -> Write:
    account = User.objects.create_user("amelia", email="a@b.example")
    account.groups.add(Group.objects.get_or_create(name=Role.CUSTOMER)[0])
    Customer.objects.create(account=account, user_id=7)
    return lambda: person.forget(account)


SERVICES: dict[Callable[[], Write], str] = {
    creating_orders: "transactions.services.create_transactions",
    refunding_an_order: "transactions.services.change_status",
    refunding_a_part_of_an_order: "transactions.refunds.refund_order",
    refunding_the_last_part_of_an_order: "transactions.refunds.refund_order",
    restoring_rows: "transactions.services.restore",
    settling_tellings: "transactions.recording.record",
    raising_alerts: "fraud.services._raise_new",
    realigning_alerts: "fraud.services.realign",
    taking_an_alert: "fraud.services.change_alert",
    making_a_token: "accounts.authentication.make_token",
    issuing_a_token: "accounts.issued.issue",
    changing_a_token: "accounts.issued.change",
    adding_to_totals: "analytics.services.add_to_hourly_totals",
    adding_columns_to_totals: "analytics.services.add_columns",
    correcting_totals: "analytics.services.correct_hourly_totals",
    correcting_the_shops_hours: "analytics.services.correct_shop_hours",
    applying_a_batch: "streaming.consuming.exactly_once.apply_once",
    keeping_comparisons: "reconciliation.services.keep",
    marking_an_address_as_refused: "notifications.mailing._mark_failed",
    notifying_of_orders: "notifications.services.notify",
    making_accounts: "accounts.demo.make_demo_accounts",
    emptying_an_account: "accounts.person.forget",
}
"""what each tries → the function that opens its database transaction"""
NOT_TRIED = {
    "api.idempotency.once": "tests/api/test_idempotency.py tries it",
    "audit.services._forget_some": "any of its portions may stand alone: tests/audit/test_only_added_to.py tries it",
    "database.inserting.insert_rows": "tests/database/test_inserting.py tries it",
    "database.inserting.insert_new_rows": "tests/database/test_inserting.py tries it",
    "database.loading.is_loaded": "tests/stack/test_mysql.py tries it",
    "monitoring.services.store_snapshot": "writes once",
    "notifications.mailing._take": "any of its writes may stand alone: the transaction holds locks",
    "monitoring.writing._write_and_take_back": "takes back what it wrote",
    "reconciliation.refunds.mend": "any of its writes may stand alone: the transaction holds locks",
    "reconciliation.totals.in_doubt_since": "only reads, under locks",
}


@contextmanager
def failing_at(number: int) -> Iterator[None]:
    """Let the write of this number (from 1) fail as one does whose connection is lost."""
    seen = 0

    def fail(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal seen
        if sql.startswith(WRITES):
            seen += 1
            if seen == number:
                raise OperationalError("the connection is lost")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(fail):
        yield


def everything() -> dict[str, list[tuple[Any, ...]]]:
    return {
        model._meta.db_table: list(model._base_manager.order_by("pk").values_list())
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed
    }


@pytest.mark.parametrize("prepared", SERVICES, ids=lambda prepared: prepared.__name__)
def test_whichever_write_fails_nothing_is_left_of_the_others(prepared: Callable[[], Write]) -> None:
    write = prepared()
    before = everything()
    failing = 1
    while fails(write, failing):
        assert everything() == before
        failing *= 2
    assert everything() != before
    assert failing > 2, "this service writes only once"


def fails(write: Write, failing: int) -> bool:
    try:
        with failing_at(failing):
            write()
    except OperationalError:
        return True
    return False


def functions_with_a_transaction_of_their_own() -> set[str]:
    """Names of the functions that are decorated with, or open, transaction.atomic."""
    folders = ["platform", "transactions", "fraud", "analytics", "search", "notifications", "monitoring"]
    files = [
        file
        for folder in [*folders, "reconciliation", "privacy"]
        for file in (settings.BASE_DIR / folder).rglob("*.py")
    ]
    return {f"{_module(file)}.{name}" for file in files if "migrations" not in file.parts for name in _openers(file)}


def _module(file: Path) -> str:
    return ".".join(file.relative_to(settings.BASE_DIR).with_suffix("").parts).removeprefix("platform.")


def _openers(file: Path) -> Iterator[str]:
    def visit(node: ast.AST, function: str) -> Iterator[str]:
        if isinstance(node, ast.Attribute) and node.attr == "atomic":
            yield function
        for child in ast.iter_child_nodes(node):
            yield from visit(child, node.name if isinstance(node, ast.FunctionDef) else function)

    return visit(ast.parse(file.read_text()), "")


def test_no_service_with_a_transaction_is_left_out() -> None:
    assert functions_with_a_transaction_of_their_own() == {*SERVICES.values(), *NOT_TRIED}
