import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.roles import Role
from streaming import clients
from streaming.models import OutboxMessage
from streaming.topics import Topic
from tests.conftest import ClientAs
from tests.databases import sqlite_only
from transactions.api import address
from transactions.models import Transaction

ORDER = {"order_id": "A-1", "user_id": 42, "amount": "19.99"}


@pytest.fixture
def shop(client_as: ClientAs) -> APIClient:
    return client_as(Role.SHOP)


def pointers(answer: Any) -> list[str]:
    return [error["pointer"] for error in answer.json()["errors"]]


def test_an_order_is_recorded_and_told(shop: APIClient) -> None:
    answer = shop.post("/transactions", ORDER)
    assert answer.status_code == 201
    assert answer["Location"] == "/transactions/A-1"
    assert (
        answer.json().items()
        >= {
            "order_id": "A-1",
            "user_id": 42,
            "amount": "19.99",
            "status": "PENDING",
            "kind": "ORDER",
            "refund_of": None,
        }.items()
    )
    assert shop.get(answer["Location"]).json() == answer.json()
    assert OutboxMessage.objects.get().message_key == "42"


def test_what_is_left_out_is_a_new_id_pending_and_now(shop: APIClient) -> None:
    before = timezone.now() - timedelta(milliseconds=1)
    order = shop.post("/transactions", {"user_id": 1, "amount": 5}).json()
    assert len(order["order_id"]) == 36
    assert order["status"] == "PENDING"
    assert before <= datetime.fromisoformat(order["timestamp"]) <= timezone.now()


def test_a_timestamp_is_kept_in_utc_and_milliseconds(shop: APIClient) -> None:
    answer = shop.post("/transactions", ORDER | {"timestamp": "2024-06-30T23:59:59.999999+02:00"})
    assert Transaction.objects.get().timestamp == datetime(2024, 6, 30, 21, 59, 59, 999000, tzinfo=UTC)
    assert answer.json()["timestamp"] == "2024-06-30T21:59:59.999000Z"


@pytest.mark.parametrize(
    ("amount", "kept"),
    [
        ("0", "0.00"),
        (0.1, "0.10"),
        (19.99, "19.99"),
        ("999999999999.99", "999999999999.99"),
        (10**12, "1000000000000.00"),
    ],
)
def test_amounts_are_exact_whether_numbers_or_strings(shop: APIClient, amount: Any, kept: str) -> None:
    assert shop.post("/transactions", ORDER | {"amount": amount}).json()["amount"] == kept
    assert Transaction.objects.get().amount == Decimal(kept)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("user_id", "12"), ("user_id", 1.0), ("user_id", True), ("user_id", None), ("user_id", -1), ("user_id", 2**31),
        ("amount", "-0.01"), ("amount", -1), ("amount", "1.999"), ("amount", 0.001), ("amount", 10**12 + 1),
        ("amount", True), ("amount", "NaN"), ("amount", "1_000"), ("amount", "1e3"), ("amount", " 1"), ("amount", [1]),
        ("order_id", ""), ("order_id", "a" * 65), ("order_id", "a/b"), ("order_id", ".."), ("order_id", "a b"),
        ("order_id", 7), ("order_id", "é"), ("order_id", "a\n"),
        ("status", "REFUNDED"), ("status", "pending"), ("status", 1), ("status", ["SUCCESS"]),
        ("timestamp", "2024-01-01T00:00:00"), ("timestamp", "2024-01-01"), ("timestamp", 1700000000),
        ("timestamp", "1969-12-31T23:59:59Z"), ("timestamp", "2024-02-30T00:00:00Z"),
        ("timestamp", "0001-01-01T00:00:00+23:59"), ("timestamp", "9999-12-31T23:59:59-23:59"),
        ("timestamp", f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%dT00:00:00Z}"),
        ("ammount", 1), ("kind", "REFUND"), ("a/b~c d", 1),
    ],
)  # fmt: skip
def test_an_impossible_value_is_refused_by_its_name(shop: APIClient, field: str, value: Any) -> None:
    answer = shop.post("/transactions", ORDER | {field: value})
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["type"] == "/problems#validation"
    assert pointers(answer) == ["#/" + {"a/b~c d": "a~1b~0c%20d"}.get(field, field)]
    assert not Transaction.objects.exists()
    assert not OutboxMessage.objects.exists()


def test_minus_nothing_is_told_as_nothing(shop: APIClient) -> None:
    shop.post("/transactions", ORDER | {"amount": -0.0})
    told = clients.codec().decode(Topic.TRANSACTIONS, bytes(OutboxMessage.objects.get().payload))
    assert math.copysign(1, told.amount) == 1


def test_every_bad_value_is_named_at_once(shop: APIClient) -> None:
    answer = shop.post("/transactions", {"user_id": "x", "status": "PAID", "currency": "EUR"})
    assert sorted(pointers(answer)) == ["#/amount", "#/currency", "#/status", "#/user_id"]


@pytest.mark.parametrize("body", ["", "null", "5", '"text"', "true", "[[]]", "[null]", "[]"])
def test_what_is_no_object_is_refused(shop: APIClient, body: str) -> None:
    answer = shop.generic("POST", "/transactions", body, content_type="application/json")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")


def test_a_list_is_recorded_as_a_whole(shop: APIClient) -> None:
    answer = shop.post("/transactions", [ORDER | {"order_id": f"A-{n}"} for n in range(1000)])
    assert answer.status_code == 201
    assert [order["order_id"] for order in answer.json()] == [f"A-{n}" for n in range(1000)]
    assert Transaction.objects.count() == OutboxMessage.objects.count() == 1000


def test_one_bad_order_spoils_the_list(shop: APIClient) -> None:
    answer = shop.post("/transactions", [ORDER, {"user_id": 1, "amount": 1}, {"user_id": 1, "amount": "many"}])
    assert (answer.status_code, pointers(answer)) == (400, ["#/2/amount"])
    assert not Transaction.objects.exists()


def test_an_order_twice_in_a_list_is_named_at_each_place(shop: APIClient) -> None:
    answer = shop.post("/transactions", [ORDER, ORDER | {"order_id": "A-2"}, ORDER])
    assert (answer.status_code, pointers(answer)) == (400, ["#/0/order_id", "#/2/order_id"])
    assert not Transaction.objects.exists()


def test_a_list_of_more_than_a_thousand_is_refused(shop: APIClient) -> None:
    answer = shop.post("/transactions", [{"user_id": 1, "amount": 1}] * 1001)
    assert (answer.status_code, pointers(answer)) == (400, ["#"])
    assert not Transaction.objects.exists()


def test_an_order_recorded_already_is_a_conflict_and_nothing_else_is_recorded(shop: APIClient) -> None:
    shop.post("/transactions", ORDER)
    answer = shop.post("/transactions", [ORDER | {"order_id": "A-2"}, ORDER])
    assert answer.status_code == 409
    assert answer.json()["type"] == "/problems#already-exists"
    assert pointers(answer) == ["#/1/order_id"]
    assert [row.order_id for row in Transaction.objects.all()] == ["A-1"]
    assert pointers(shop.post("/transactions", ORDER | {"amount": "1.00"})) == ["#/order_id"]


@sqlite_only("its rival is a trigger of SQLite's")
def test_an_order_that_another_request_records_meanwhile_is_a_conflict(shop: APIClient) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TRIGGER rival BEFORE INSERT ON transactions"
            " BEGIN SELECT RAISE(ABORT, 'UNIQUE constraint failed: transactions.order_id'); END"
        )
    answer = shop.post("/transactions", ORDER)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems#already-exists")
    assert not OutboxMessage.objects.exists()


def test_lists_come_in_pages_the_latest_first(shop: APIClient) -> None:
    orders = [ORDER | {"order_id": f"A-{n}", "timestamp": f"2024-01-0{n + 1}T00:00:00Z"} for n in range(5)]
    shop.post("/transactions", orders)
    first = shop.get("/transactions?limit=2").json()
    shop.post("/transactions", ORDER | {"order_id": "recorded-meanwhile"})
    second = shop.get(first["next"]).json()
    third = shop.get(second["next"]).json()
    pages = [[row["order_id"] for row in page["results"]] for page in (first, second, third)]
    assert pages == [["A-4", "A-3"], ["A-2", "A-1"], ["A-0"]]
    assert (first["previous"], third["next"]) == (None, None)
    assert shop.get(third["previous"]).json()["results"] == second["results"]


@pytest.fixture
def some_orders(shop: APIClient) -> None:
    shop.post(
        "/transactions",
        [
            {"order_id": "old", "user_id": 1, "amount": 10, "timestamp": "2024-01-01T00:00:00Z"},
            {"order_id": "paid", "user_id": 1, "amount": 20, "timestamp": "2024-01-02T00:00:00Z", "status": "SUCCESS"},
            {"order_id": "other", "user_id": 2, "amount": 30, "timestamp": "2024-01-03T00:00:00Z", "status": "FAILED"},
        ],
    )


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["other", "paid", "old"]),
        ("user_id=1", ["paid", "old"]),
        ("status=FAILED", ["other"]),
        ("kind=REFUND", []),
        ("amount_min=20", ["other", "paid"]),
        ("amount_max=20.00", ["paid", "old"]),
        ("from=2024-01-02T00:00:00Z", ["other", "paid"]),
        ("to=2024-01-02T00:00:00Z", ["old"]),
        ("from=2024-01-02T01:00:00%2B01:00&user_id=1", ["paid"]),
    ],
)
def test_lists_can_be_filtered(shop: APIClient, some_orders: None, query: str, found: list[str]) -> None:
    assert [row["order_id"] for row in shop.get(f"/transactions?{query}").json()["results"]] == found


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("user=1", "user"), ("user_id=x", "user_id"), ("user_id=1&user_id=2", "user_id"), ("user_id=-1", "user_id"),
        ("user_id=99999999999999999999", "user_id"), ("status=paid", "status"), ("kind=order", "kind"),
        ("amount_min=NaN", "amount_min"), ("amount_max=1.234", "amount_max"), ("user_id=", "user_id"),
        ("amount_min=5&amount_max=4", "amount_min"), ("from=2024-01-02T00:00:00Z&to=2024-01-01T00:00:00Z", "from"),
        ("amount_min=1e-400", "amount_min"), ("amount_min=1_0", "amount_min"), ("user_id=%D9%A5", "user_id"),
        ("user_id=1.0", "user_id"), ("user_id=%205", "user_id"), ("refund_of=%00", "refund_of"), ("status=", "status"),
        ("from=2024-01-01", "from"),
        ("to=2024-01-01T00:00:00", "to"), ("limit=0", "limit"), ("limit=1001", "limit"), ("limit=ten", "limit"),
        ("cursor=x", "cursor"), ("cursor=cD1hYmM%3D", "cursor"), ("cursor=", "cursor"),
        ("cursor=cD0tMQ%3D%3D", "cursor"), ("cursor=bz01", "cursor"), ("cursor=cD0x!", "cursor"),
        ("cursor=cD05OTk5OTk5OTk5OTk5OTk5OTk5", "cursor"),
    ],
)  # fmt: skip
def test_a_bad_parameter_is_refused_by_its_name(shop: APIClient, query: str, parameter: str) -> None:
    answer = shop.get(f"/transactions?{query}")
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert [error["parameter"] for error in answer.json()["errors"]] == [parameter]


@pytest.mark.parametrize("number", ["2147483648", "99999999999999999999", "9" * 1000])
def test_a_number_beyond_its_range_is_told_the_range(shop: APIClient, number: str) -> None:
    (error,) = shop.get(f"/transactions?user_id={number}").json()["errors"]
    assert error == {"parameter": "user_id", "detail": "Ensure this value is less than or equal to 2147483647."}


def test_a_customer_sees_only_their_own(client_as: ClientAs, some_orders: None) -> None:
    customer = client_as(Role.CUSTOMER, user_id=2)
    assert [row["order_id"] for row in customer.get("/transactions").json()["results"]] == ["other"]
    assert customer.get("/transactions?user_id=1").json()["results"] == []
    assert customer.get("/transactions/other").status_code == 200
    asked = {"X-Request-Id": "one"}
    others, nobodys = (customer.get(f"/transactions/{name}", headers=asked) for name in ("paid", "none"))
    assert (others.status_code, others.json()) == (
        404, nobodys.json() | {"detail": "There is no transaction with the order id paid."}
    )  # fmt: skip


def test_a_customer_writes_nothing(client_as: ClientAs, some_orders: None) -> None:
    customer = client_as(Role.CUSTOMER, user_id=2)
    assert customer.post("/transactions", ORDER).status_code == 403
    assert customer.put("/transactions/other/status", {"status": "SUCCESS"}).status_code == 403


def test_a_customers_account_without_a_user_is_told_whom_to_ask(client_as: ClientAs) -> None:
    answer = client_as(Role.CUSTOMER).get("/transactions")
    assert answer.status_code == 403
    assert "administrator" in answer.json()["detail"]


def test_other_roles_get_403_and_are_told_which_are_needed(client_as: ClientAs) -> None:
    answer = client_as(Role.OPERATOR).get("/transactions")
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems#forbidden")
    assert "analyst or customer or investigator or shop" in answer.json()["detail"]


def test_nobody_gets_401_and_is_told_how_to_log_in(db: None) -> None:
    answer = APIClient().get("/transactions")
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems#unauthenticated")
    assert answer["WWW-Authenticate"] == "Bearer"


def change(client: APIClient, order_id: str, status: str) -> Any:
    return client.put(f"/transactions/{order_id}/status", {"status": status})


def test_an_order_is_paid_then_refunded_by_a_transaction_of_its_own(shop: APIClient) -> None:
    shop.post("/transactions", ORDER)
    paid = change(shop, "A-1", "SUCCESS")
    assert (paid.status_code, paid.json()["status"], paid.json()["refund"]) == (200, "SUCCESS", None)
    refunded = change(shop, "A-1", "REFUNDED")
    assert (refunded.status_code, refunded.json()["status"]) == (200, "REFUNDED")
    refund = refunded.json()["refund"]
    assert refund.items() >= {"amount": "-19.99", "refund_of": "A-1", "kind": "REFUND", "user_id": 42}.items()
    assert refunded["Link"] == f'</transactions/{refund["order_id"]}>; rel="related"'
    assert shop.get(f"/transactions/{refund['order_id']}").json() == refund
    assert shop.get("/transactions?refund_of=A-1").json()["results"] == [refund]


@pytest.mark.parametrize(
    ("steps", "following"),
    [(["PENDING"], "FAILED or SUCCESS"), (["REFUNDED"], "FAILED or SUCCESS"), (["SUCCESS", "FAILED"], "REFUNDED"),
     (["FAILED", "SUCCESS"], "final"), (["SUCCESS", "SUCCESS"], "REFUNDED"),
     (["SUCCESS", "REFUNDED", "REFUNDED"], "final")],
)  # fmt: skip
def test_any_other_change_is_a_conflict_that_says_what_may_follow(
    shop: APIClient, steps: list[str], following: str
) -> None:
    shop.post("/transactions", ORDER)
    answer = [change(shop, "A-1", status) for status in steps][-1]
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems#conflict")
    assert pointers(answer) == ["#/status"]
    assert following in answer.json()["detail"]


def test_a_refund_cannot_be_refunded(shop: APIClient) -> None:
    shop.post("/transactions", ORDER | {"status": "SUCCESS"})
    refund = change(shop, "A-1", "REFUNDED").json()["refund"]["order_id"]
    assert change(shop, refund, "REFUNDED").status_code == 409


def test_a_status_that_does_not_exist_is_refused_and_an_order_too(shop: APIClient) -> None:
    shop.post("/transactions", ORDER)
    assert pointers(change(shop, "A-1", "PAID")) == ["#/status"]
    assert pointers(shop.put("/transactions/A-1/status", {})) == ["#/status"]
    assert change(shop, "A-2", "SUCCESS").status_code == 404


def test_an_order_from_kafka_with_a_slash_in_its_id_can_be_read_and_changed(shop: APIClient) -> None:
    Transaction.objects.create(
        order_id="a/b c", user_id=1, amount=1, status="PENDING", kind="ORDER", timestamp=timezone.now()
    )
    assert shop.get("/transactions/a/b%20c").json()["order_id"] == "a/b c"
    assert change(shop, "a%2Fb%20c", "SUCCESS").status_code == 200


@pytest.mark.parametrize("order_id", ["A-1._~", "a b/c?d#e%f", "ö&=+'\"", "~:@!$()*,;"])
def test_the_address_of_an_order_is_the_one_that_its_route_has(order_id: str) -> None:
    assert address(order_id) == reverse("transaction", kwargs={"order_id": order_id})
