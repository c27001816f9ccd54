"""What the document at /schema says of a value's bounds is what the server does: at each bound, and one beyond it.

The document's form decides, by jsonschema, whether a value is right; the server has to take just those.
"""

import re
from collections.abc import Mapping
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator
from rest_framework.test import APIClient

from fraud.models import FraudAlert
from transactions.models import Transaction

LARGEST = 10**12
AMOUNTS = ["0", "0.01", "0.00", "1.5", "1.50", "1.505", "-1", "-0.01", f"{LARGEST}", f"{LARGEST}.00", f"{LARGEST}.01",
           f"-{LARGEST}", f"{LARGEST + 1}", "999999999999.99", "+1", "1.", ".5", "1e3", "NaN", " 1", "01.50", "0" * 13,
           "9" * 13]  # fmt: skip
NUMBERS = [0, 0.01, 1.5, -1, -0.01, LARGEST, LARGEST + 1, -LARGEST, -LARGEST - 1]
USERS = ["0", "1", str(2**31 - 1), str(2**31), "-1", "x"]
LIMITS = ["0", "1", "1000", "1001", "-1", "x"]
OF_LISTS: Mapping[str, Mapping[str, list[str]]] = {
    "/transactions": {"limit": LIMITS, "user_id": USERS, "amount_min": AMOUNTS, "amount_max": AMOUNTS,
                      "status": ["PENDING", "REFUNDED", "OPEN"], "kind": ["ORDER", "ORDERS"]},
    "/fraud/alerts": {"limit": LIMITS, "user_id": USERS, "amount_min": AMOUNTS, "amount_max": AMOUNTS,
                      "status": ["OPEN", "DISMISSED", "PENDING"]},
    "/notifications": {"limit": LIMITS, "unread": ["true", "false", "True", "1"], "kind": ["ORDER_PAID", "PAID"]},
    "/transactions/{order_id}/refunds": {"limit": LIMITS},
}  # fmt: skip
IDS = ["a", "", "a" * 64, "a" * 65, ".", "..", "...", "a.b_c~d-e", "a b", "a/b", "é"]
OF_BODIES: Mapping[str, Mapping[str, list[Any]]] = {
    "post /transactions": {"user_id": [0, 2**31 - 1, 2**31, -1, "1", 1.5, True], "amount": [*AMOUNTS, *NUMBERS],
                           "order_id": IDS, "status": ["SUCCESS", "REFUNDED"]},
    "post /transactions/{order_id}/refunds": {"amount": [*AMOUNTS, *NUMBERS], "note": ["", "x" * 500, "x" * 501],
                                              "reason": ["OTHER", "NONE"], "status": ["PENDING", "FAILED"]},
    "post /auth/tokens": {"name": ["", "x" * 100, "x" * 101, 7, None],
                          "scopes": [["read"], ["read", "write"], [], ["admin"], "read", ["read"] * 3]},
    "patch /fraud/alerts/{id}": {"note": ["x" * 10_000, "x" * 10_001], "status": ["OPEN", "PENDING"]},
    "post /search/transactions": {"size": [0, 1, 1000, 1001, "1"], "limit": [0, 1, 1000, 1001, "1"],
                                  "amount_min": [*AMOUNTS, *NUMBERS],
                                  "user_id": [0, 2**31 - 1, 2**31, -1, [], [1] * 100, [1] * 101],
                                  "order_id": ["a", "", "a" * 64, "a" * 65, ["a"] * 100, ["a"] * 101],
                                  "sort": ["-amount", "user_id"], "facets": [["status"], [], "status", ["user"]]},
}  # fmt: skip
MINIMAL: Mapping[str, dict[str, Any]] = {"post /transactions": {"user_id": 1, "amount": "1.00"}}
SENT = [(operation, name) for operation, fields in OF_BODIES.items() for name in fields]
ASKED = [(path, name) for path, fields in OF_LISTS.items() for name in fields]
KEYS = ["a", "a" * 255, "a" * 256, "a,b", "a b", "~", "!", "\x7f", "é", "a-b.c:d"]


@pytest.fixture(scope="module")
def document() -> Any:
    return SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]


@pytest.fixture
def client(db: None) -> APIClient:
    """Of somebody who may do everything, where there is an order and an alert."""
    order: dict[str, Any] = {"order_id": "A-1", "user_id": 7, "amount": LARGEST, "timestamp": timezone.now()}
    Transaction.objects.create(**order, status="SUCCESS", kind="ORDER")
    FraudAlert.objects.create(**order, rule="amount-above-limit", raised_at=timezone.now())
    client = APIClient()
    client.force_authenticate(User.objects.create_superuser("everybody"))
    return client


def address(path: str) -> str:
    return path.replace("{order_id}", "A-1").replace("{id}", str(FraudAlert.objects.get().pk))


def allows(document: Any, form: Any, value: Any) -> bool:
    return bool(jsonschema.Draft202012Validator(form | {"components": document["components"]}).is_valid(value))


def as_told(form: Any, text: str) -> Any:
    """A value of the query string as the document's form sees it."""
    if form.get("type") == "integer":
        return int(text) if re.fullmatch("-?[0-9]+", text) else text
    if form.get("type") == "boolean":
        return {"true": True, "false": False}.get(text, text)
    return text


def refused(answer: Any) -> set[str]:
    if answer.status_code != 400:
        return set()
    return {error.get("parameter") or error.get("pointer", error.get("header")) for error in answer.json()["errors"]}


@pytest.mark.parametrize(("path", "name"), ASKED)
def test_a_parameter_has_the_bounds_that_are_told(document: Any, client: APIClient, path: str, name: str) -> None:
    told = document["paths"][path]["get"]["parameters"]
    [form] = [each["schema"] for each in told if each["name"] == name]
    at = address(path)
    for value in OF_LISTS[path][name]:
        wrong = set() if allows(document, form, as_told(form, value)) else {name}
        assert (value, refused(client.get(at, {name: value}))) == (value, wrong)


@pytest.mark.parametrize(("operation", "name"), SENT)
def test_a_member_of_a_body_has_the_bounds_that_are_told(
    document: Any, client: APIClient, operation: str, name: str
) -> None:
    method, path = operation.split()
    form = document["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"]
    at = address(path)
    for value in OF_BODIES[operation][name]:
        body = MINIMAL.get(operation, {}) | {name: value}
        wrong = {pointer.split("/")[1] for pointer in refused(getattr(client, method)(at, body))}
        assert (value, wrong) == (value, set() if allows(document, form, body) else {name})


@pytest.mark.parametrize("count", [0, 1, 1000, 1001])
def test_a_list_of_orders_is_as_long_as_is_told(document: Any, client: APIClient, count: int) -> None:
    orders = [{"user_id": 1, "amount": 1}] * count
    form = document["paths"]["/transactions"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    is_taken = client.post("/transactions", orders).status_code == 201
    assert is_taken == allows(document, form, orders) == (count in (1, 1000))


@pytest.mark.parametrize("key", KEYS)
def test_a_key_has_the_form_that_is_told(document: Any, client: APIClient, key: str) -> None:
    told = document["paths"]["/transactions"]["post"]["parameters"]
    [form] = [each["schema"] for each in told if each["name"] == "Idempotency-Key"]
    answer = client.post("/transactions", {"user_id": 1, "amount": 1}, headers={"Idempotency-Key": key})
    assert (answer.status_code == 201) == allows(document, form, key)
