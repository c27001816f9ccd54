"""What amounts are in: told beside each of them, and no finer than it has them."""

from collections.abc import Iterator
from decimal import Decimal
from importlib import import_module
from itertools import islice
from random import Random
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator
from rest_framework.test import APIClient

import events
from analytics.services import add_to_hourly_totals
from analytics.windows import Sums
from events.money import Currency, Ledger, cents_in_words, in_words, shown, to_cents
from fraud.models import FraudAlert
from notifications.messages import message_about
from transactions.models import Transaction
from transactions.simulator import mock_orders, part_given_back

NOW = timezone.now().replace(minute=0, second=0, microsecond=0)


@pytest.fixture
def client(db: None) -> APIClient:
    client = APIClient()
    client.force_authenticate(User.objects.create_superuser("everybody"))
    return client


@pytest.fixture
def yen(monkeypatch: pytest.MonkeyPatch) -> None:
    import_module("config.urls")  # forms are told as they are when they are imported
    monkeypatch.setattr(Ledger, "currency", Currency("JPY", 0))


def amounts(answer: Any, is_told: bool = False) -> Iterator[tuple[str, bool]]:
    """The name of each amount in an answer, and whether its currency stands beside it or around it."""
    if isinstance(answer, list):
        for each in answer:
            yield from amounts(each, is_told)
    elif isinstance(answer, dict):
        is_told = is_told or answer.get("currency") == Ledger.currency.code
        yield from ((name, is_told) for name in answer if "amount" in name and not isinstance(answer[name], list))
        for each in answer.values():
            yield from amounts(each, is_told)


def test_every_answer_that_has_an_amount_has_its_currency() -> None:
    document: Any = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    found = 0
    for path, operations in document["paths"].items():
        for operation in operations.values():
            for status, response in operation["responses"].items():
                for content in response.get("content", {}).values() if status[0] == "2" else ():
                    for example in content["examples"].values():
                        told = list(amounts(example["value"]))
                        found += len(told)
                        assert all(is_told for _, is_told in told), (path, told)
                        assert "amount" not in example["value"] or "currency" in example["value"], path
    assert found > 20


def test_amounts_are_told_in_the_currency_wherever_they_stand(client: APIClient, yen: None) -> None:
    made = client.post("/transactions", {"order_id": "A-1", "user_id": 7, "amount": "1200", "status": "SUCCESS"}).json()
    assert (made["amount"], made["refunded_amount"], made["currency"]) == ("1200", "0", "JPY")
    back = client.post("/transactions/A-1/refunds", {"amount": 200}).json()
    assert (back["amount"], back["currency"]) == ("-200", "JPY")
    assert client.get("/transactions/A-1").json()["refunded_amount"] == "200"
    assert {row["amount"] for row in client.get("/transactions").json()["results"]} == {"1200", "-200"}
    assert {row["amount"] for row in client.post("/search/transactions", {}).json()["transactions"]} == {"1200", "-200"}
    too_much = client.post("/transactions/A-1/refunds", {"amount": 1001}).json()["detail"]
    assert "at most 1,000 JPY" in too_much
    FraudAlert.objects.create(order_id="A-1", user_id=7, amount=1200, timestamp=NOW, rule="x", raised_at=NOW)
    [alert] = client.get("/fraud/alerts").json()["results"]
    assert (alert["amount"], alert["currency"]) == ("1200", "JPY")
    add_to_hourly_totals(totals={(7, NOW): Sums(120000, 1)})
    hourly = client.get("/analytics/users/7/hourly").json()
    assert (hourly["sums"]["total_amount"], hourly["currency"]) == ("1200", "JPY")
    assert "1200,JPY" in client.get("/fraud/alerts?format=csv").getvalue().decode()  # type: ignore[attr-defined]


@pytest.mark.parametrize("amount", ["12.50", "12.00", "12.0", 12.5, "0.5"])
def test_an_amount_of_more_decimals_than_the_currency_has_is_refused_by_name(
    client: APIClient, yen: None, amount: Any
) -> None:
    Transaction.objects.create(order_id="A-1", user_id=7, amount=100, status="SUCCESS", timestamp=NOW, kind="ORDER")
    for path, body, pointer in (
        ("/transactions", {"user_id": 7, "amount": amount}, "#/amount"),
        ("/transactions", [{"user_id": 7, "amount": 5}, {"user_id": 7, "amount": amount}], "#/1/amount"),
        ("/transactions/A-1/refunds", {"amount": amount}, "#/amount"),
        ("/search/transactions", {"amount_min": amount}, "#/amount_min"),
        ("/search/transactions", {"amount": {"gte": amount}}, "#/amount/gte"),
    ):
        answer = client.post(path, body)
        assert answer.status_code == 400, (path, answer.json())
        assert [each["pointer"] for each in answer.json()["errors"]] == [pointer]
        assert "no decimals" in answer.json()["detail"]
    for path in ("/transactions", "/fraud/alerts"):
        listed = client.get(path, {"amount_max": amount})
        assert [each["parameter"] for each in listed.json()["errors"]] == ["amount_max"]
    assert Transaction.objects.count() == 1


def test_a_finer_amount_that_others_have_sent_is_shown_as_it_is_kept(client: APIClient, yen: None) -> None:
    Transaction.objects.create(order_id="A-1", user_id=7, amount="10.50", status="SUCCESS", timestamp=NOW, kind="ORDER")
    assert client.get("/transactions/A-1").json()["amount"] == "10.50"


@pytest.mark.parametrize(
    ("digits", "amount", "text"),
    [
        (2, "1234.5", "1,234.50 X"), (2, "-0.01", "-0.01 X"), (2, "0", "0.00 X"), (1, "1234.5", "1,234.5 X"),
        (1, "1.25", "1.25 X"), (0, "1234567", "1,234,567 X"), (0, "-200", "-200 X"), (0, "10.5", "10.50 X"),
        (0, "0", "0 X"), (0, "1000000000000", "1,000,000,000,000 X"), (2, "999999999999.99", "999,999,999,999.99 X"),
        (3, "1234.5", "1,234.500 X"), (3, "0.001", "0.001 X"), (3, "99999999999.999", "99,999,999,999.999 X"),
    ],
)  # fmt: skip
def test_an_amount_is_written_with_the_decimals_of_its_currency(
    digits: int, amount: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Ledger, "currency", Currency("X", digits))
    assert in_words(Decimal(amount)) == text
    if not amount.startswith("-"):
        assert cents_in_words(to_cents(Decimal(amount))) == text
    assert shown(Decimal(amount)) == Decimal(amount)


def test_messages_and_mock_orders_are_in_the_currency(yen: None) -> None:
    order = events.Transaction("a-1", 7, 1234.0, events.Status.SUCCESS, NOW)
    told = message_about(order)
    assert told
    assert told.text == "Your order a-1 of 1,234 JPY is paid."
    mocked = [each.amount for each in islice(mock_orders(seed=1, start=NOW, per_second=9), 500)]
    assert all(amount >= 1 and amount % 1 == 0 for amount in mocked)
    parts = {part_given_back(Random(seed), 500) for seed in range(500)}
    assert parts <= {0, 100, 200, 300, 400}
    assert len(parts) > 2


def test_mock_orders_have_the_decimals_of_the_currency(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Ledger, "currency", Currency("KWD", 3))
    amounts = [each.amount for each in islice(mock_orders(seed=1, start=NOW, per_second=9), 500)]
    assert all(amount == round(amount, 3) for amount in amounts)
    assert any(amount != round(amount, 2) for amount in amounts)
    assert 20 < sorted(amounts)[250] < 60
    assert all(amount > 10_000_000 for amount in amounts if amount > 100_000)
