"""Lists of transactions: each in the order of an index, page by page in both directions."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise, product
from typing import Any

import pytest
from django.conf import LazySettings
from rest_framework.test import APIClient

from accounts.roles import Role
from tests.conftest import ClientAs
from transactions.models import Transaction

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
STATUSES = ("SUCCESS", "FAILED", "PENDING")


@pytest.fixture
def shop(client_as: ClientAs) -> APIClient:
    return client_as(Role.SHOP)


@pytest.fixture
def many_alike(db: None) -> None:
    """Of each moment, amount and status there are several, and they were recorded in no order."""
    cases = list(product(range(3), (-5, 0, 5, 5), STATUSES))
    Transaction.objects.bulk_create(
        Transaction(
            order_id=f"a-{number * 7 % len(cases):02}",
            user_id=number % 2,
            amount=amount,
            status=status,
            timestamp=NOON + timedelta(milliseconds=minute),
            kind="REFUND" if amount < 0 else "ORDER",
        )
        for number, (minute, amount, status) in enumerate(cases)
    )


By = Callable[[dict[str, Any]], Any]


def by_time(row: dict[str, Any]) -> Any:
    return datetime.fromisoformat(row["timestamp"])


def by_amount(row: dict[str, Any]) -> Any:
    return Decimal(row["amount"])


QUERIES = [
    ("", by_time, lambda row: True),
    ("user_id=1", by_time, lambda row: row.user_id == 1),
    ("user_id=1&amount_min=5&kind=ORDER", by_time, lambda row: (row.user_id, row.amount) == (1, 5)),
    ("status=FAILED", by_time, lambda row: row.status == "FAILED"),
    ("kind=REFUND", by_time, lambda row: row.kind == "REFUND"),
    ("kind=ORDER&status=PENDING", by_time, lambda row: (row.kind, row.status) == ("ORDER", "PENDING")),
    ("from=2026-11-22T12:00:00.001Z", by_time, lambda row: row.timestamp > NOON),
    ("to=2026-11-22T12:00:00.001Z&amount_max=0", by_time, lambda row: row.timestamp == NOON and row.amount <= 0),
    ("amount_min=0", by_amount, lambda row: row.amount >= 0),
    ("amount_min=-5&amount_max=0", by_amount, lambda row: row.amount <= 0),
    ("amount_max=5&kind=ORDER", by_amount, lambda row: row.kind == "ORDER"),
    ("amount_min=-5&kind=REFUND&status=SUCCESS", by_amount, lambda row: row.amount < 0 and row.status == "SUCCESS"),
    ("amount_min=1&kind=REFUND", by_amount, lambda row: False),
]  # fmt: skip


@pytest.mark.parametrize(("query", "value", "matches"), QUERIES, ids=[query or "all" for query, _, _ in QUERIES])
def test_pages_hold_all_that_was_asked_for_once_in_order_and_lead_back(
    shop: APIClient, many_alike: None, query: str, value: By, matches: Callable[[Transaction], bool]
) -> None:
    pages = [shop.get(f"/transactions?limit=4&{query}").json()]
    assert pages[0]["previous"] is None
    while pages[-1]["next"]:
        pages.append(shop.get(pages[-1]["next"]).json())
    rows = [row for page in pages for row in page["results"]]
    assert all(value(before) >= value(after) for before, after in pairwise(rows))
    found = [row["order_id"] for row in rows]
    assert sorted(found) == sorted(row.order_id for row in Transaction.objects.all() if matches(row))
    for before, page in pairwise(pages):
        assert shop.get(page["previous"]).json()["results"] == before["results"]


def test_a_page_back_leads_forward_again(shop: APIClient, many_alike: None) -> None:
    first = shop.get("/transactions?limit=4").json()
    second = shop.get(first["next"]).json()
    back = shop.get(second["previous"]).json()
    assert (back["results"], back["previous"]) == (first["results"], None)
    assert shop.get(back["next"]).json()["results"] == second["results"]


def test_what_is_recorded_meanwhile_shifts_no_page_and_is_not_told_twice(shop: APIClient, many_alike: None) -> None:
    first = shop.get("/transactions?limit=4").json()
    expected = shop.get(first["next"]).json()["results"]
    Transaction.objects.create(
        order_id="late", user_id=1, amount=1, status="SUCCESS", kind="ORDER", timestamp=NOON + timedelta(hours=1)
    )
    assert shop.get(first["next"]).json()["results"] == expected


def test_a_cursor_of_another_order_is_refused(shop: APIClient, many_alike: None) -> None:
    by_time = shop.get("/transactions?limit=4").json()["next"]
    answer = shop.get(f"{by_time}&amount_min=0")
    assert answer.status_code == 400
    assert [error["parameter"] for error in answer.json()["errors"]] == ["cursor"]


def test_a_page_that_rows_have_left_is_empty_and_leads_nowhere(shop: APIClient, many_alike: None) -> None:
    last = shop.get("/transactions?limit=30").json()["next"]
    Transaction.objects.all().delete()
    assert shop.get(last).json() == {"next": None, "previous": None, "results": []}


def test_what_takes_too_long_is_refused_with_the_advice_to_narrow_it(
    shop: APIClient, many_alike: None, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("database.time_limit.STEPS", 1)
    settings.QUERY_SECONDS = 0
    answer = shop.get("/transactions?amount_min=1&status=REFUNDED")
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems#validation")
    assert "narrow it, best by user or by time" in answer.json()["detail"]
