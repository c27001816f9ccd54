"""A day's business in a currency of three decimals; test_thousandths.py runs this with CURRENCY=KWD."""

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from analytics.models import HourlyTotal
from events import Status, Transaction
from fraud.models import FraudAlert
from notifications import consumers as notifications
from notifications.models import Notification
from reconciliation.services import reconcile
from streaming.models import OutboxMessage
from streaming.topics import Topic
from tests.columns import in_columns
from tests.reconciliation.conftest import TWO, Shop, batches
from tests.reconciliation.test_reconcile import AT_ONCE
from transactions.models import Transaction as Row

LARGEST = 10**11


@pytest.fixture
def client(db: None) -> APIClient:
    client = APIClient()
    client.force_authenticate(User.objects.create_superuser("everybody"))
    return client


def test_every_stage_counts_in_thousandths(shop: Shop, client: APIClient) -> None:
    when = TWO.isoformat()
    orders = {"a-1": "1.234", "a-2": 0.001, "a-3": "10000000.001", "a-4": "10000000.000"}
    new = [
        {"order_id": order_id, "user_id": 7, "amount": amount, "status": "SUCCESS", "timestamp": when}
        for order_id, amount in orders.items()
    ]
    told = client.post("/transactions", new).json()
    assert [each["amount"] for each in told] == ["1.234", "0.001", "10000000.001", "10000000.000"]
    assert {(each["refunded_amount"], each["currency"]) for each in told} == {("0.000", "KWD")}
    shop.send(Transaction("k-1", 7, 2.0016, Status.SUCCESS, TWO), Transaction("k-2", 8, 0.0004, Status.FAILED, TWO))
    shop.work()
    back = client.post("/transactions/a-1/refunds", {"amount": "0.234"}).json()
    assert (back["amount"], back["currency"]) == ("-0.234", "KWD")
    assert client.post("/transactions/a-1/refunds", {"amount": 1e-3}).json()["amount"] == "-0.001"
    too_much = client.post("/transactions/a-1/refunds", {"amount": "1.000"})
    assert (too_much.status_code, "at most 0.999 KWD" in too_much.json()["detail"]) == (409, True)
    assert client.get("/transactions/a-1").json()["refund_status"] == "PARTIALLY_REFUNDED"
    shop.work()

    rows = {row.order_id: row.amount for row in Row.objects.filter(kind="ORDER")}
    assert rows == {name: Decimal(str(amount)) for name, amount in (orders | {"k-1": "2.002", "k-2": "0.000"}).items()}
    assert [alert.order_id for alert in FraudAlert.objects.all()] == ["a-3"]
    [alert] = client.get("/fraud/alerts").json()["results"]
    assert (alert["amount"], alert["currency"]) == ("10000000.001", "KWD")
    assert "10000000.001,KWD" in client.get("/fraud/alerts?format=csv").getvalue().decode()  # type: ignore[attr-defined]
    at_two = HourlyTotal.objects.filter(user_id=7).order_by("hour")[0]
    assert (at_two.total_cents, at_two.transaction_count) == (20_000_003_238, 5)
    sums = client.get("/analytics/users/7/hourly").json()["sums"]
    assert (sums["total_amount"], sums["refunded_amount"]) == ("20000003.003", "0.235")
    assert {each.mismatches for each in reconcile(settle=AT_ONCE)[1]} == {0}


def test_searches_and_lists_compare_thousandths(shop: Shop, client: APIClient) -> None:
    shop.post(*(Transaction(f"a-{n}", 7, n / 1000, Status.PENDING, TWO) for n in range(1231, 1238)))
    bounds = {"amount": {"gte": "1.233", "lte": 1.235}, "sort": "amount", "size": 2}
    first = client.post("/search/transactions", bounds).json()
    rest = client.post("/search/transactions", bounds | {"cursor": first["next_cursor"]}).json()
    assert [each["amount"] for each in first["transactions"] + rest["transactions"]] == ["1.233", "1.234", "1.235"]
    listed = client.get("/transactions?amount_min=1.236&limit=1").json()
    assert [each["amount"] for each in listed["results"]] == ["1.237"]
    assert [each["amount"] for each in client.get(listed["next"]).json()["results"]] == ["1.236"]


@pytest.mark.parametrize("as_columns", [False, True])
def test_customers_are_told_thousandths(shop: Shop, as_columns: bool) -> None:
    shop.send(Transaction("k-1", 7, 1234.5, Status.SUCCESS, TWO), Transaction("k-2", 7, 0.001, Status.FAILED, TWO))
    for batch in batches():
        notifications.notify(in_columns(batch) if as_columns else batch)
    assert list(Notification.objects.order_by("order_id").values_list("text", flat=True)) == [
        "Your order k-1 of 1,234.500 KWD is paid.",
        "The payment of your order k-2 of 0.001 KWD failed.",
    ]


@pytest.mark.parametrize(
    ("amount", "told"),
    [
        (0, "0.000"), ("-0", "0.000"), (-0.0, "0.000"), ("0.1", "0.100"), (1e-3, "0.001"), (1.2340, "1.234"),
        ("1.2", "1.200"), (LARGEST, f"{LARGEST}.000"), (f"{LARGEST}.000", f"{LARGEST}.000"),
        ("99999999999.999", "99999999999.999"), (99_999_999_999.999, "99999999999.999"),
    ],
)  # fmt: skip
def test_an_amount_is_taken_to_the_thousandth(client: APIClient, amount: Any, told: str) -> None:
    made = client.post("/transactions", {"order_id": "a-1", "user_id": 7, "amount": amount})
    assert (made.status_code, made.json()["amount"]) == (201, told)
    assert client.get("/transactions/a-1").json()["amount"] == told
    assert OutboxMessage.objects.get().topic == Topic.TRANSACTIONS


@pytest.mark.parametrize(
    "amount",
    [
        "0.0001", 0.0001, 1.2345, "1.2340", "1e-3", "-0.001", -0.001, LARGEST + 1, f"{LARGEST}.001", 1e300, "1.",
        ".5", " 1", "٠.٠٠١", "NaN", True, None, [], "999999999999",
    ],
)  # fmt: skip
def test_what_is_no_amount_of_three_decimals_is_refused_by_its_name(client: APIClient, amount: Any) -> None:
    refused = client.post("/transactions", {"user_id": 7, "amount": amount})
    assert (refused.status_code, [each["pointer"] for each in refused.json()["errors"]]) == (400, ["#/amount"])
    assert not Row.objects.exists()
