import csv
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from django.db import connection
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.roles import Role
from api.renderers import encoded
from search import openapi, request
from search.api import FoundTransaction, _found
from search.query import Found
from tests.conftest import ClientAs
from tests.databases import changes_tables, sqlite_only
from transactions.models import Transaction

URL = "/search/transactions"
CSV = {"Accept": "text/csv"}
TWO = datetime(2026, 11, 22, 14, tzinfo=UTC)


@pytest.fixture
def analyst(client_as: ClientAs) -> APIClient:
    return client_as(Role.ANALYST)


@pytest.fixture
def recorded(db: None) -> None:
    Transaction.objects.bulk_create(
        Transaction(
            order_id=f"A-{n}",
            user_id=42,
            amount=Decimal(n * 100),
            status="SUCCESS",
            timestamp=TWO + timedelta(minutes=n),
            kind="ORDER",
        )
        for n in range(3)
    )


def pointers(response: Any) -> set[str]:
    assert response.status_code == 400
    assert response.headers["Content-Type"] == "application/problem+json"
    return {error["pointer"] for error in response.json()["errors"]}


def test_an_answer_tells_each_transaction_whole(analyst: APIClient, recorded: None) -> None:
    assert analyst.post(URL, {"order_id": "A-1"}).json() == {
        "total": 1,
        "total_is_exact": True,
        "currency": "EUR",
        "transactions": [
            {
                "order_id": "A-1",
                "user_id": 42,
                "amount": "100.00",
                "status": "SUCCESS",
                "timestamp": "2026-11-22T14:01:00Z",
                "kind": "ORDER",
                "refund_of": None,
                "currency": "EUR",
            }
        ],
        "next_cursor": None,
        "facets": {},
    }


def test_what_is_found_is_what_the_serializer_says() -> None:
    found = Found("a-1", 7, Decimal("19.9"), "SUCCESS", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "ORDER", None)
    assert encoded(_found(found)) == encoded(FoundTransaction(found).data)


def test_pages_follow_by_their_cursor(analyst: APIClient, recorded: None) -> None:
    first = analyst.post(URL, {"user_id": 42, "size": 2}).json()
    second = analyst.post(URL, {"user_id": 42, "size": 2, "cursor": first["next_cursor"]}).json()
    told = [[found["order_id"] for found in page["transactions"]] for page in (first, second)]
    assert told == [["A-2", "A-1"], ["A-0"]]
    assert (first["total"], second["total"], second["next_cursor"]) == (3, 3, None)


def test_facets_are_told_ascending(analyst: APIClient, recorded: None) -> None:
    day = {"gte": "2026-11-22T00:00:00Z", "lt": "2026-11-23T00:00:00Z"}
    answer = analyst.post(URL, {"facets": ["amount", "day", "hour", "kind", "status"], "timestamp": day}).json()
    assert answer["facets"] == {
        "status": [{"value": "SUCCESS", "count": 3}],
        "kind": [{"value": "ORDER", "count": 3}],
        "hour": [{"value": "2026-11-22T14:00:00Z", "count": 3}],
        "day": [{"value": "2026-11-22T00:00:00Z", "count": 3}],
        "amount": [
            {"gte": "0.00", "lt": "10.00", "count": 1},
            {"gte": "100.00", "lt": "1000.00", "count": 2},
        ],
    }


def test_ranges_without_an_end_have_null_there(analyst: APIClient, db: None) -> None:
    for name, amount, kind in (("r", -1, "REFUND"), ("a", 10**6, "ORDER")):
        Transaction.objects.create(order_id=name, user_id=1, amount=amount, status="SUCCESS", timestamp=TWO, kind=kind)
    assert analyst.post(URL, {"facets": ["amount"]}).json()["facets"]["amount"] == [
        {"gte": None, "lt": "0.00", "count": 1},
        {"gte": "1000000.00", "lt": None, "count": 1},
    ]


def test_everything_wrong_is_named_by_a_pointer(analyst: APIClient) -> None:
    wrong = {"colour/shade": "red", "amount": {"gte": "x", "above": 5}, "user_id": [1, "2"], "sort": "user_id"}
    assert pointers(analyst.post(URL, wrong)) == {
        "#/colour~1shade",
        "#/amount/gte",
        "#/amount/above",
        "#/user_id/1",
        "#/sort",
    }


@pytest.mark.parametrize("body_", [[], [{}], "x", 5, None])
def test_a_body_that_is_no_object_is_refused(analyst: APIClient, body_: Any) -> None:
    response = analyst.generic("POST", URL, data=json.dumps(body_), content_type="application/json")
    assert pointers(response) == {"#"}


def test_a_cursor_of_another_search_is_refused_by_its_name(analyst: APIClient, recorded: None) -> None:
    cursor = analyst.post(URL, {"size": 1}).json()["next_cursor"]
    assert pointers(analyst.post(URL, {"size": 1, "cursor": cursor, "status": "SUCCESS"})) == {"#/cursor"}


@pytest.mark.parametrize(
    ("role", "status"),
    [
        (Role.SHOP, 200),
        (Role.ANALYST, 200),
        (Role.INVESTIGATOR, 200),
        (Role.OPERATOR, 403),
        (Role.CUSTOMER, 403),
    ],
)
def test_the_shop_analysts_and_investigators_may_search(client_as: ClientAs, role: Role, status: int) -> None:
    assert client_as(role).post(URL, {}).status_code == status


def test_nobody_else_may_search(db: None) -> None:
    assert APIClient().post(URL, {}).status_code == 401


@changes_tables
def test_a_search_that_is_down_is_a_503_that_says_when_to_come_back(analyst: APIClient) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE transactions RENAME TO transactions_elsewhere")
    response = analyst.post(URL, {})
    assert response.status_code == 503
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["Retry-After"] == "5"
    assert "transactions_elsewhere" not in response.text


@sqlite_only("tests/stack/test_time_limit.py has a table large enough for MySQL")
def test_a_search_that_takes_too_long_is_a_400_that_says_to_narrow_it(
    analyst: APIClient, recorded: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("database.time_limit.STEPS", 1)
    settings.QUERY_SECONDS = 0
    response = analyst.post(URL, {"facets": ["status"]})
    assert (response.status_code, response.json()["type"]) == (400, "/problems#validation")
    assert "narrow it, best by user or by time" in response.json()["detail"]


# --- As CSV -----------------------------------------------------------------------------------------------------------
def lines(answer: Any) -> list[dict[str, str]]:
    assert answer["Content-Type"] == "text/csv; charset=utf-8", answer.content
    return list(csv.DictReader(StringIO(b"".join(answer.streaming_content).decode(), newline="")))


@pytest.fixture
def many(db: None) -> None:
    """2,100 orders, and one whose id a spreadsheet would calculate."""
    values: dict[str, Any] = {"user_id": 42, "status": "SUCCESS", "kind": "ORDER", "timestamp": TWO}
    ids = ["=1+1", *(f"A-{n:04}" for n in range(2100))]
    Transaction.objects.bulk_create(
        Transaction(**values, order_id=order_id, amount=Decimal(n % 9)) for n, order_id in enumerate(ids)
    )


@pytest.mark.parametrize("sort", ["timestamp", "-amount", "order_id"])
def test_all_that_match_come_as_csv_in_the_order_asked_for(analyst: APIClient, many: None, sort: str) -> None:
    found = lines(analyst.post(URL, {"sort": sort, "amount_max": 7}, headers=CSV))
    paged: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = analyst.post(URL, {"sort": sort, "amount_max": 7, "size": 1000} | cursor).json()
        paged += [each["order_id"] for each in page["transactions"]]
        if not page["next_cursor"]:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert len(paged) > 1000
    assert [row["order_id"].removeprefix("'") for row in found] == paged


def test_a_line_of_a_search_says_what_the_answer_in_json_says(analyst: APIClient, recorded: None) -> None:
    in_json = analyst.post(URL, {}).json()["transactions"]
    in_csv = lines(analyst.post(f"{URL}?format=csv", {}))
    assert in_csv == [{name: "" if value is None else str(value) for name, value in row.items()} for row in in_json]


def test_no_order_id_of_a_search_is_a_formula(analyst: APIClient, many: None) -> None:
    assert [row["order_id"] for row in lines(analyst.post(URL, {"order_id": "=1+1"}, headers=CSV))] == ["'=1+1"]


@pytest.mark.parametrize("word", ["limit", "size"])
def test_a_limit_ends_the_lines_of_a_search(analyst: APIClient, many: None, word: str) -> None:
    assert len(lines(analyst.post(URL, {word: 1000}, headers=CSV))) == 1000


def test_of_two_long_searches_the_second_waits_its_turn(analyst: APIClient, many: None) -> None:
    first: Any = analyst.post(URL, {}, headers=CSV)
    refused = analyst.post(URL, {}, headers=CSV)
    assert (refused.status_code, refused["Content-Type"]) == (503, "application/problem+json")
    assert len(lines(first)) == 2101
    assert len(lines(analyst.post(URL, {}, headers=CSV))) == 2101


@pytest.mark.parametrize("wrong", [{"facets": ["status"]}, {"size": 0}, {"colour": "red"}, {"cursor": "x"}])
def test_what_csv_cannot_say_and_what_is_wrong_is_a_problem(analyst: APIClient, wrong: dict[str, Any]) -> None:
    assert pointers(analyst.post(URL, wrong, headers=CSV)) == {f"#/{name}" for name in wrong}


@changes_tables
def test_a_search_as_csv_that_is_down_is_a_503(analyst: APIClient) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE transactions RENAME TO transactions_elsewhere")
    response = analyst.post(URL, {}, headers=CSV)
    assert (response.status_code, response["Content-Type"]) == (503, "application/problem+json")


# --- As in lists ------------------------------------------------------------------------------------------------------
ZERO = "2026-11-22T14:00:00Z"
A_HALF, A_MILLI = "2026-11-22T14:00:00.0005Z", "2026-11-22T14:00:00.001Z"


@pytest.mark.parametrize(
    "words",
    [
        {"from": ZERO, "to": ZERO}, {"from": A_MILLI, "to": ZERO}, {"from": A_HALF}, {"to": A_HALF}, {"from": A_MILLI},
        {"to": ZERO}, {"from": "2026-11-22T15:00:00+01:00"}, {"from": "2026-11-22"}, {"from": "9999-12-31T23:59:59Z"},
        {"amount_min": "100.00", "amount_max": "100"}, {"amount_min": "100.01", "amount_max": "100"},
        {"amount_min": "+100"}, {"amount_min": "-0"}, {"amount_max": "0100.00"}, {"amount_max": "1000000000000.01"},
        {"amount_min": "1.001"}, {"amount_min": "1e2"}, {"amount_min": "NaN"}, {"amount_min": " 1"}, {"amount_max": ""},
        {"limit": 1}, {"limit": 0}, {"limit": 1000}, {"limit": 1001}, {"limit": -1},
    ],
)  # fmt: skip
def test_a_word_means_the_same_in_a_search_and_in_a_list(
    client_as: ClientAs, recorded: None, words: dict[str, Any]
) -> None:
    shop = client_as(Role.SHOP)
    listed, found = shop.get("/transactions", words), shop.post(URL, words)
    assert listed.status_code == found.status_code
    if listed.status_code == 200:
        in_list = {row["order_id"] for row in listed.json()["results"]}
        assert in_list == {row["order_id"] for row in found.json()["transactions"]}
    else:
        named = {error["parameter"] for error in listed.json()["errors"]}
        assert pointers(found) == {f"#/{name}" for name in named}


# --- As documented ----------------------------------------------------------------------------------------------------
def test_the_documented_body_has_just_the_fields_that_are_read() -> None:
    documented = openapi.BODY["properties"]
    assert set(documented) == set(request.FIELDS)
    for name, ends in request.FIELDS.items():
        assert set(documented[name].get("properties", ())) == set(ends)


@pytest.mark.parametrize("example", [each.value for each in openapi.EXAMPLES if each.request_only])
def test_the_documented_examples_work(analyst: APIClient, recorded: None, example: dict[str, Any]) -> None:
    jsonschema.validate(example, openapi.BODY)
    assert analyst.post(URL, example).status_code == 200


def test_the_search_is_documented(analyst: APIClient) -> None:
    operation = analyst.get(reverse("schema"), HTTP_ACCEPT="application/json").json()["paths"][URL]["post"]
    content = operation["requestBody"]["content"]["application/json"]
    assert set(content["schema"]["properties"]) == set(request.FIELDS)
    assert len(content["examples"]) == 2
    assert {"200", "400", "401", "403", "503"} <= set(operation["responses"])
