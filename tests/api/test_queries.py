"""How often the API asks the database. Who is asked more than these has slowed every request down."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.authentication import make_token
from accounts.roles import Role
from tests.conftest import AccountOf

pytestmark = pytest.mark.django_db
ORDER = {"user_id": 7, "amount": "12.30", "status": "SUCCESS"}
NO_STATEMENT = ("SAVEPOINT", "RELEASE SAVEPOINT")  # of the transaction around the test, and SQLite's own
Ask = Callable[..., list[str]]


@pytest.fixture(autouse=True)
def everybody_is_limited(settings: Any) -> None:
    """Counting costs no statement."""
    kinds = ("writes", "searches", "logins")
    settings.RATES = {f"{kind}-per-{whose}": "1000000/day" for kind in kinds for whose in ("account", "address")}


@pytest.fixture
def ask(account: AccountOf) -> Ask:
    """Asks with a token that is known already; gives the statements that the answer took."""

    def asked(role: Role, method: str, path: str, body: Any = None) -> list[str]:
        found = User.objects.filter(groups__name=role).first()
        _, token = make_token(found or account(role, 7 if role == Role.CUSTOMER else None))
        client = Client(headers={"Authorization": f"Bearer {token}"})
        client.get("/notifications")
        with CaptureQueriesContext(connection) as queries:
            answer = client.generic(method, path, json.dumps(body) if body else "", content_type="application/json")
        assert answer.status_code in (200, 201), answer.content
        assert ("RateLimit" in answer) == (method == "POST")
        return [query["sql"] for query in queries if not query["sql"].startswith(NO_STATEMENT)]

    return asked


@pytest.mark.parametrize(("role", "statements"), [(Role.CUSTOMER, 1), (Role.SHOP, 1), (Role.ANALYST, 2)])
def test_a_transaction_is_found_by_one_statement_and_noted_by_another(ask: Ask, role: Role, statements: int) -> None:
    ask(Role.SHOP, "POST", "/transactions", ORDER | {"order_id": "a-1"})
    assert len(ask(role, "GET", "/transactions/a-1")) == statements


PAGES = ["/transactions", "/transactions?status=SUCCESS&limit=10"]


@pytest.mark.parametrize("path", [*PAGES, "/analytics/users/7/hourly"])
def test_ones_own_are_found_by_one_statement(ask: Ask, path: str) -> None:
    assert len(ask(Role.CUSTOMER, "GET", path)) == 1


@pytest.mark.parametrize("role", [Role.SHOP, Role.ANALYST])
@pytest.mark.parametrize("path", [*PAGES, "/transactions?user_id=7", "/analytics/users/7/hourly"])
def test_what_is_others_is_found_by_one_statement_and_noted_by_another(ask: Ask, path: str, role: Role) -> None:
    ask(Role.SHOP, "POST", "/transactions", [ORDER] * 30)
    found, noted = ask(role, "GET", path)
    assert found.startswith("SELECT")
    assert noted.startswith('INSERT INTO "audit_log"')


@pytest.mark.parametrize("body", [ORDER, ORDER | {"order_id": "a-1"}, [ORDER] * 1000], ids=["one", "with id", "1,000"])
def test_orders_are_written_by_two_statements(ask: Ask, body: Any) -> None:
    first, second = ask(Role.SHOP, "POST", "/transactions", body)
    assert 'INSERT INTO "transactions"' in first
    assert 'INSERT INTO "outbox"' in second
