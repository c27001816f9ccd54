from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

import events
from accounts.authentication import make_token
from accounts.roles import Role
from audit.middleware import forget_who_watches
from events import Status
from fraud.models import FraudAlert
from fraud.services import raise_alerts
from tests.conftest import AccountOf
from transactions.services import create_transactions

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
Reader = Callable[..., Client]


@pytest.fixture(autouse=True)
def nobody_watches_yet() -> None:
    forget_who_watches()


@pytest.fixture
def alert(db: None) -> FraudAlert:
    """Of a large order, `a-1` of user 7; there are also `a-2` of user 7 and `b-1` of user 8."""
    orders = [
        events.Transaction(order_id, user_id, amount, Status.SUCCESS, NOON)
        for order_id, user_id, amount in (("a-1", 7, 20_000_000.0), ("a-2", 7, 5.0), ("b-1", 8, 5.0))
    ]
    create_transactions(orders=orders)
    return raise_alerts(received=orders)[0]


@pytest.fixture
def reader(account: AccountOf) -> Reader:
    """Makes a client that shows a token of a new account of a role; of a superuser for None."""

    def make(role: Role | None, **headers: Any) -> Client:
        user_id = 7 if role == Role.CUSTOMER else None
        who = account(role, user_id) if role else User.objects.create_superuser("root")
        client = Client(headers={"Authorization": f"Bearer {make_token(who)[1]}"} | headers)
        client.raise_request_exception = False
        return client

    return make


@pytest.fixture
def desk(account: AccountOf) -> Reader:
    """Makes a client that is logged in, as people are, as a new account of a role; as a superuser for None."""

    def make(role: Role | None) -> Client:
        client = Client()
        client.force_login(account(role) if role else User.objects.create_superuser("root"))
        return client

    return make
