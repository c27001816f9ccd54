"""Lists as CSV: all of it, page by page, and nothing that a spreadsheet calculates."""

import csv
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone
from prometheus_client import REGISTRY
from rest_framework.test import APIClient

from accounts.roles import Role
from api.csv_lines import cell
from fraud.models import FraudAlert
from tests.conftest import ClientAs
from transactions.models import Transaction

CSV = {"Accept": "text/csv"}


@pytest.fixture
def shop(client_as: ClientAs) -> APIClient:
    return client_as(Role.SHOP)


def rows(answer: Any) -> list[dict[str, str]]:
    assert answer["Content-Type"] == "text/csv; charset=utf-8", answer.content
    return list(csv.DictReader(StringIO(b"".join(answer.streaming_content).decode(), newline="")))


def some(shop: APIClient, count: int) -> None:
    for begin in range(0, count, 1000):
        numbers = range(begin, min(begin + 1000, count))
        shop.post("/transactions", [{"order_id": f"a-{n}", "user_id": 7, "amount": f"{n}.50"} for n in numbers])


@pytest.mark.parametrize("query", ["", "?amount_min=0", "?user_id=7", "?from=2020-01-01T00:00:00Z", "?status=PENDING"])
def test_a_list_comes_as_a_whole_however_many_pages_it_has(shop: APIClient, query: str) -> None:
    some(shop, 2100)
    found = rows(shop.get(f"/transactions{query}", headers=CSV))
    assert len({row["order_id"] for row in found}) == len(found) == 2100


def test_a_line_says_what_the_answer_in_json_says(shop: APIClient) -> None:
    some(shop, 3)
    in_json = shop.get("/transactions").json()["results"]
    in_csv = rows(shop.get("/transactions?format=csv"))
    for plain, line in zip(in_json, in_csv, strict=True):
        moments = {name for name in plain if name.endswith("_at") or name == "timestamp"}
        assert {k: v for k, v in line.items() if k not in moments} == {
            k: "" if v is None else str(v) for k, v in plain.items() if k not in moments
        }
        assert all(datetime.fromisoformat(line[name]).utcoffset() is not None for name in moments)


def test_a_limit_means_what_it_means_in_json(shop: APIClient) -> None:
    some(shop, 30)
    assert len(rows(shop.get("/transactions?limit=7", headers=CSV))) == 7


def test_an_empty_list_has_the_names_of_its_columns(shop: APIClient) -> None:
    answer: Any = shop.get("/transactions", headers=CSV)
    assert b"".join(answer.streaming_content).startswith(b"order_id,user_id,amount,status,")
    assert answer["Content-Disposition"] == 'attachment; filename="transactions.csv"'
    assert answer["Cache-Control"] == "private, no-store"


def test_pages_are_as_long_as_they_may_be(shop: APIClient) -> None:
    some(shop, 2500)
    answer: Any = shop.get("/transactions", headers=CSV)
    assert [piece.count(b"\r\n") for piece in answer.streaming_content] == [1001, 1000, 500]


def test_what_is_refused_is_a_problem(shop: APIClient) -> None:
    for query, status in (("?limit=0", 400), ("?cursor=x", 400), ("?user_id=x", 400)):
        answer = shop.get(f"/transactions{query}", headers=CSV)
        assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")


def test_what_is_written_is_answered_in_json_whatever_is_accepted(shop: APIClient) -> None:
    answer = shop.post("/transactions", {"user_id": 1, "amount": 5}, headers=CSV)
    assert answer.status_code in (201, 406)


# --- How long ones are written ----------------------------------------------------------------------------------------
def test_of_two_long_lists_the_second_waits_its_turn(shop: APIClient) -> None:
    some(shop, 1500)
    first: Any = shop.get("/transactions", headers=CSV)
    pieces = iter(first.streaming_content)
    next(pieces)
    refused: Any = shop.get("/transactions", headers=CSV)
    assert (refused.status_code, refused["Content-Type"]) == (503, "application/problem+json")
    assert int(refused["Retry-After"]) > 0
    assert "limit" in refused.json()["detail"]
    assert sum(piece.count(b"\r\n") for piece in pieces) == 500
    assert len(rows(shop.get("/transactions", headers=CSV))) == 1500


def test_while_a_long_list_is_written_everything_short_is_answered(shop: APIClient) -> None:
    some(shop, 1500)
    first: Any = shop.get("/transactions", headers=CSV)
    assert len(rows(shop.get("/transactions?limit=1000", headers=CSV))) == 1000
    assert rows(shop.get("/transactions?user_id=8", headers=CSV)) == []
    assert len(shop.get("/transactions").json()["results"]) == 100
    assert shop.head("/transactions", headers=CSV).status_code == 200
    first.close()


def test_a_client_that_leaves_makes_way(shop: APIClient) -> None:
    some(shop, 1500)
    left: Any = shop.get("/transactions", headers=CSV)
    next(iter(left.streaming_content))
    left.close()
    left.close()
    never_read: Any = shop.get("/transactions", headers=CSV)
    never_read.close()
    assert len(rows(shop.get("/transactions", headers=CSV))) == 1500


def test_a_list_that_breaks_off_makes_way_and_is_counted_as_a_failure(
    shop: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    some(shop, 1500)
    before = {status: answers_with(status) for status in ("200", "500")}
    broken: Any = shop.get("/transactions", headers=CSV)
    pieces = iter(broken.streaming_content)
    next(pieces)
    with monkeypatch.context() as breaking:
        breaking.setattr("api.pagination._rows", fails)
        with pytest.raises(OperationalError):
            list(pieces)
    assert answers_with("500") == before["500"] + 1
    assert answers_with("200") == before["200"]
    assert len(rows(shop.get("/transactions", headers=CSV))) == 1500
    assert answers_with("200") == before["200"] + 1


def answers_with(status: str) -> float:
    labels = {"status": status, "view": "transactions", "method": "GET"}
    return REGISTRY.get_sample_value("django_http_responses_total_by_status_view_method_total", labels) or 0


def fails(*_: Any) -> Any:
    raise OperationalError("gone away")


def test_a_customer_gets_their_own(shop: APIClient, client_as: ClientAs) -> None:
    some(shop, 3)
    assert rows(client_as(Role.CUSTOMER, user_id=8).get("/transactions", headers=CSV)) == []


def test_alerts_come_as_csv(client_as: ClientAs) -> None:
    at = timezone.now()
    for n in range(3):
        FraudAlert.objects.create(
            order_id=f"=a-{n}", user_id=7, amount="20000000.00", timestamp=at, rule="limit", raised_at=at
        )
    found = rows(client_as(Role.INVESTIGATOR).get("/fraud/alerts", headers=CSV))
    assert [row["order_id"] for row in found] == ["'=a-2", "'=a-1", "'=a-0"]


def test_an_order_id_from_kafka_is_no_formula(shop: APIClient) -> None:
    ids = ['=HYPERLINK("x")', "+1", "-1", "@SUM(1)", "\t=1", 'a"b', "a,b", "a\nb", "é"]
    for order_id in ids:
        Transaction.objects.create(
            order_id=order_id, user_id=1, amount=-5, status="SUCCESS", kind="REFUND", timestamp=timezone.now()
        )
    found = {row["order_id"]: row["amount"] for row in rows(shop.get("/transactions", headers=CSV))}
    assert set(found) == {*(f"'{order_id}" for order_id in ids[:5]), *ids[5:]}
    assert set(found.values()) == {"-5.00"}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""), (-5, "-5"), ("-5", "'-5"), ("", ""), (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00Z"),
        (" =1+1", "' =1+1"), ("\u00a0\u3000@x", "'\u00a0\u3000@x"), ("\ufeff=1", "'\ufeff=1"), ("\x00+1", "'\x00+1"),
        ("＝1+1", "'＝1+1"), (" \t-1", "' \t-1"), (" a=1", " a=1"), ("a-1", "a-1"), ("  ", "  "),
    ],
)  # fmt: skip
def test_only_texts_are_kept_from_being_calculated(value: Any, text: str) -> None:
    assert cell(value) == text
