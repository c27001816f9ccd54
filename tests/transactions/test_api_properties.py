"""Whatever is sent, the answer is a recorded order or a problem that says where the fault is."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from accounts.roles import Role
from streaming.models import OutboxMessage
from tests.conftest import ClientAs
from transactions.models import Transaction

# Examples share the database of their test, which only ever counts what one of them adds.
MANY = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])

texts = st.text(st.characters(), max_size=20)  # also halves of surrogate pairs, NUL …
scalars = st.none() | st.booleans() | st.integers() | st.floats() | texts
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=8
)
numbers = st.integers(-1, 2**31) | st.decimals(-1, 2 * 10**12, places=2).map(str) | st.floats(0, 2e12)
almost_orders = st.fixed_dictionaries(
    {"user_id": st.integers(-1, 2**31) | anything, "amount": numbers | anything},
    optional={
        "order_id": st.text("aB3._~-/ ", max_size=66) | anything,
        "status": st.sampled_from(["PENDING", "SUCCESS", "FAILED", "REFUNDED"]) | anything,
        "timestamp": st.datetimes().map(lambda moment: f"{moment.isoformat()}Z") | anything,
        "what": anything,
    },
)


@pytest.fixture
def shop(client_as: ClientAs) -> APIClient:
    return client_as(Role.SHOP)


def stored() -> tuple[int, int]:
    return Transaction.objects.count(), OutboxMessage.objects.count()


def check(shop: APIClient, body: str) -> Any:
    before = stored()
    answer = shop.generic("POST", "/transactions", body, content_type="application/json")
    if answer.status_code == 201:
        sent = answer.json() if isinstance(answer.json(), list) else [answer.json()]
        assert stored() == (before[0] + len(sent), before[1] + len(sent))
        return answer
    assert 400 <= answer.status_code < 500, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"]
    assert stored() == before
    return answer


@MANY
@given(body=almost_orders | st.lists(almost_orders, max_size=3) | anything)
@example(body={"user_id": 1, "amount": float("nan")})
@example(body={"user_id": 1, "amount": 1e400})
@example(body={"user_id": 1, "amount": -0.0})
@example(body={"user_id": 1, "amount": 1, "\ud800": 1})
def test_any_json_is_recorded_or_refused_by_name(shop: APIClient, body: Any) -> None:
    problem = check(shop, json.dumps(body)).json()
    if isinstance(problem, dict) and problem.get("type") == "/problems#validation":
        assert all(error["pointer"].startswith("#") and error["detail"] for error in problem["errors"])


@MANY
@given(body=st.text(max_size=40))
@example(body="[" * 100_000)
@example(body='{"user_id": 1' + "0" * 5000 + "}")
@example(body='{"user_id": 1, "user_id": 2, "amount": 3}')
@example(body='{"user_id": 1, "amount": Infinity}')
def test_any_text_is_recorded_or_refused(shop: APIClient, body: str) -> None:
    check(shop, body)
