from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from rest_framework.test import APIClient

import events
from accounts.roles import Role
from events import Status
from fraud import services
from fraud.models import FraudAlert

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def order(order_id: str = "order-1", amount: float = 20_000_000, **fields: Any) -> events.Transaction:
    facts: dict[str, Any] = {"user_id": 7, "status": Status.SUCCESS, "timestamp": NOON} | fields
    return events.Transaction(order_id=order_id, amount=amount, **facts)


def investigator(name: str) -> User:
    account = User.objects.create_user(name, is_staff=True)
    account.groups.add(Group.objects.get(name=Role.INVESTIGATOR))
    return account


@pytest.fixture
def make_order() -> Callable[..., events.Transaction]:
    return order


@pytest.fixture
def raise_alert(db: None) -> Callable[..., FraudAlert]:
    """Raises the alert of a new suspicious order."""

    def make(order_id: str = "order-1", amount: float = 20_000_000, **fields: Any) -> FraudAlert:
        return services.raise_alerts(received=[order(order_id, amount, **fields)])[0]

    return make


@pytest.fixture
def alert(raise_alert: Callable[..., FraudAlert]) -> FraudAlert:
    return raise_alert()


@pytest.fixture
def amelia(db: None) -> User:
    return investigator("amelia")


@pytest.fixture
def bela(db: None) -> User:
    return investigator("bela")


@pytest.fixture
def desk() -> Callable[[User], Client]:
    """Opens the admin for an account."""

    def log_in(account: User) -> Client:
        client = Client()
        client.force_login(account)
        return client

    return log_in


@pytest.fixture
def api() -> Callable[[User], APIClient]:
    def log_in(account: User) -> APIClient:
        client = APIClient(raise_request_exception=False)
        client.force_authenticate(account)
        return client

    return log_in
