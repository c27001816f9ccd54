from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import Group, User

import events
from events import Status
from fraud import services
from fraud.models import FraudAlert

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def order(order_id: str = "order-1", amount: float = 20_000_000, **fields: Any) -> events.Transaction:
    facts: dict[str, Any] = {"user_id": 7, "status": Status.SUCCESS, "timestamp": NOON} | fields
    return events.Transaction(order_id=order_id, amount=amount, **facts)


def investigator(name: str) -> User:
    account = User.objects.create_user(name, password="a long password", is_staff=True)
    account.groups.add(Group.objects.get(name="investigator"))
    return account


@pytest.fixture
def make_order() -> Callable[..., events.Transaction]:
    return order


@pytest.fixture
def raise_alert(db: None) -> Callable[..., FraudAlert]:
    """Raise the alert of a new suspicious order."""

    def raise_alert(order_id: str = "order-1", amount: float = 20_000_000, **fields: Any) -> FraudAlert:
        return services.raise_alerts(received=[order(order_id, amount, **fields)])[0]

    return raise_alert


@pytest.fixture
def alert(raise_alert: Callable[..., FraudAlert]) -> FraudAlert:
    return raise_alert()


@pytest.fixture
def amelia(db: None) -> User:
    return investigator("amelia")


@pytest.fixture
def bela(db: None) -> User:
    return investigator("bela")
