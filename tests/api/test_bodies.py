"""A body is read before anything is locked: whoever sends it slowly keeps nobody waiting."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from rest_framework.test import APIClient

from accounts.authentication import make_token
from events import Status, Transaction
from fraud.models import FraudAlert
from fraud.services import raise_alerts

CSRF = "a" * 32
ALERTMANAGERS = ("/notifications/alertmanager", "/notifications/heartbeat")


class Body(BytesIO):
    """Notes how many transactions are open, within one another, while it is read."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.open_while_read: set[int] = set()

    def read(self, size: int | None = -1) -> bytes:
        self.open_while_read.add(open_transactions())
        return super().read(size)


def open_transactions() -> int:
    return len(connection.savepoint_ids)


def operations_with_a_body() -> Iterator[tuple[str, str]]:
    schema: Any = SchemaGenerator().get_schema(public=True)  # type: ignore[no-untyped-call]
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            if "requestBody" in operation:
                yield method.upper(), path.replace("{order_id}", "a-1")


def send(client: Client, method: str, path: str, body: bytes, content_type: str, **extra: Any) -> set[int]:
    stream = Body(body)
    environ: dict[str, Any] = {"wsgi.input": stream, **extra}
    client.generic(method, path, body, content_type, **environ)
    return stream.open_while_read


@pytest.fixture
def anybody(db: None) -> User:
    return User.objects.create_superuser("anybody", password="of no importance")


@pytest.fixture
def alert(db: None) -> FraudAlert:
    order = Transaction("a-1", 7, 20_000_000, Status.SUCCESS, datetime(2026, 3, 1, tzinfo=UTC))
    return raise_alerts(received=[order])[0]


@pytest.fixture
def alertmanager(settings: Any) -> dict[str, str]:
    settings.ALERTMANAGER_TOKEN = "of the test"
    return {"HTTP_AUTHORIZATION": f"Bearer {settings.ALERTMANAGER_TOKEN}"}


@pytest.mark.parametrize("key", [{}, {"HTTP_IDEMPOTENCY_KEY": "k"}], ids=["without a key", "with a key"])
@pytest.mark.parametrize("operation", list(operations_with_a_body()), ids=" ".join)
def test_no_endpoint_reads_its_body_within_a_transaction(
    operation: tuple[str, str], key: dict[str, str], anybody: User, alert: FraudAlert, alertmanager: dict[str, str]
) -> None:
    method, path = operation
    token, _ = make_token(anybody)
    client, who = APIClient(raise_request_exception=False), alertmanager
    if path not in ALERTMANAGERS:
        client.force_authenticate(anybody)
        who = {}
    body = json.dumps({"user_id": 1, "amount": 5}).encode()
    open_before = open_transactions()
    read = send(
        client, method, path.format(id=alert.pk, token_id=token.details.pk), body, "application/json", **key, **who
    )
    assert read == {open_before}


@pytest.mark.parametrize("path", ["/admin/auth/user/add/", "/admin/auth/user/1/change/", "/login"])
def test_no_page_reads_its_form_within_a_transaction(path: str, anybody: User) -> None:
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(anybody)
    client.cookies["csrftoken"] = CSRF
    body = f"csrfmiddlewaretoken={CSRF}&username=n".encode()
    open_before = open_transactions()
    assert send(client, "POST", path, body, "application/x-www-form-urlencoded") == {open_before}
