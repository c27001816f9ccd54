"""Who may do what: every route of the API's document, asked by everybody, about what is theirs and what is others'.

Each is asked with a token, as programs ask. A route that the table leaves out, or that is no more, fails.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

import events
from accounts.authentication import make_token
from accounts.models import TokenDetails
from accounts.roles import Role
from events import Status
from fraud.models import FraudAlert
from fraud.services import raise_alerts
from notifications.models import Notification
from tests.conftest import AccountOf
from transactions.services import create_transactions

pytestmark = pytest.mark.django_db
OWN_USER, OTHER_USER = 42, 43
NOBODY, SUPERUSER = "nobody", "superuser"

# 401: not known; 403: not with this role; 404: there is none as far as this account may know.
# `whose`: of the order, the totals, the notification or the token that is named; an order's is the customer's own or
# another customer's, and nobody else has any. up: 200, or 503 while something is down.
MATRIX = """
method path                              whose  nobody customer shop investigator analyst operator superuser
GET    /transactions                     -      401    200      200  200          200     403      200
POST   /transactions                     -      401    403      201  403          403     403      201
GET    /transactions/{order_id}          own    401    200      200  200          200     403      200
GET    /transactions/{order_id}          others 401    404      200  200          200     403      200
GET    /transactions/{order_id}/refunds  own    401    200      200  200          200     403      200
GET    /transactions/{order_id}/refunds  others 401    404      200  200          200     403      200
POST   /transactions/{order_id}/refunds  own    401    403      201  403          403     403      201
POST   /transactions/{order_id}/refunds  others 401    403      201  403          403     403      201
PUT    /transactions/{order_id}/status   own    401    403      200  403          403     403      200
PUT    /transactions/{order_id}/status   others 401    403      200  403          403     403      200
POST   /search/transactions              -      401    403      200  200          200     403      200
GET    /analytics/users/{user_id}/hourly own    401    200      200  200          200     403      200
GET    /analytics/users/{user_id}/hourly others 401    403      200  200          200     403      200
GET    /fraud/alerts                     -      401    403      403  200          403     403      200
GET    /fraud/alerts/{id}                own    401    403      403  200          403     403      200
GET    /fraud/alerts/{id}                others 401    403      403  200          403     403      200
PATCH  /fraud/alerts/{id}                own    401    403      403  200          403     403      200
PATCH  /fraud/alerts/{id}                others 401    403      403  200          403     403      200
GET    /notifications                    -      401    200      200  200          200     200      200
GET    /notifications/{id}               own    401    200      200  200          200     200      200
GET    /notifications/{id}               others 401    404      404  404          404     404      404
PATCH  /notifications/{id}               own    401    200      200  200          200     200      200
PATCH  /notifications/{id}               others 401    404      404  404          404     404      404
POST   /notifications/alertmanager       -      401    401      401  401          401     401      401
POST   /notifications/heartbeat          -      401    401      401  401          401     401      401
GET    /auth/tokens                      -      401    200      200  200          200     200      200
POST   /auth/tokens                      -      401    401      401  401          401     401      401
DELETE /auth/tokens                      -      401    204      204  204          204     204      204
PATCH  /auth/tokens/{token_id}           own    401    200      200  200          200     200      200
PATCH  /auth/tokens/{token_id}           others 401    404      404  404          404     404      404
DELETE /auth/tokens/{token_id}           own    401    204      204  204          204     204      204
DELETE /auth/tokens/{token_id}           others 401    404      404  404          404     404      404
DELETE /auth/tokens/current              -      401    204      204  204          204     204      204
GET    /monitoring/kafka                 -      401    403      403  403          403     up       up
GET    /health                           -      up     up       up   up           up      up       up
GET    /health/live                      -      up     up       up   up           up      up       up
GET    /health/ready                     -      up     up       up   up           up      up       up
"""
BODIES: dict[tuple[str, str], Any] = {
    ("POST", "/transactions"): {"user_id": OWN_USER, "amount": "1.00"},
    ("POST", "/transactions/{order_id}/refunds"): {"amount": "1.00"},
    ("PUT", "/transactions/{order_id}/status"): {"status": "REFUNDED"},
    ("POST", "/search/transactions"): {},
    ("PATCH", "/fraud/alerts/{id}"): {"note": "seen"},
    ("PATCH", "/notifications/{id}"): {"read": True},
    ("PATCH", "/auth/tokens/{token_id}"): {"name": "export"},
}
HEADER, *ROWS = (line.split() for line in MATRIX.strip().splitlines())
CALLERS = HEADER[3:]


def meant_by(cell: str) -> set[int]:
    return {200, 503} if cell == "up" else {int(cell)}


@dataclass(frozen=True)
class Shop:
    """Two customers' orders, alerts, notifications, and the tokens of who asks and of somebody else."""

    client: Client
    named: dict[str, dict[str, Any]]
    """of `own` and `others`: what stands for each name in a path"""

    def ask(self, method: str, path: str, whose: str = "-") -> Any:
        body = BODIES.get((method, path))
        names = self.named.get(whose, {})
        id_ = names.get("alert" if path.startswith("/fraud") else "notification")
        sent = "" if body is None else json.dumps(body)
        return self.client.generic(method, path.format(**names, id=id_), sent, content_type="application/json")

    def ask_in_vain(self, method: str, path: str, whose: str) -> int:
        """The status of the answer; what the request changed is taken back."""
        with transaction.atomic():
            answer = self.ask(method, path, whose)
            transaction.set_rollback(True)
        return int(answer.status_code)


@pytest.fixture
def shop(account: AccountOf, caller: str) -> Shop:
    asking = _account(account, caller)
    someone = User.objects.create_user("someone")
    alerts = [_order_with_alert(user_id) for user_id in (OWN_USER, OTHER_USER)]
    recipients = (_recipient(asking, caller), f"account:{someone.pk}")
    told = [Notification.objects.create(recipient=each, kind="order", order_id="x", text="x") for each in recipients]
    tokens = [_token(asking), _token(someone)]
    client = Client(headers={} if caller == NOBODY else {"Authorization": f"Bearer {tokens[0][1]}"})
    named = {
        whose: {
            "order_id": alerts[at].order_id,
            "user_id": alerts[at].user_id,
            "alert": alerts[at].pk,
            "notification": told[at].pk,
            "token_id": tokens[at][0],
        }
        for at, whose in enumerate(("own", "others"))
    }
    return Shop(client, named)


def _account(account: AccountOf, caller: str) -> User:
    if caller == SUPERUSER:
        return User.objects.create_superuser("root")
    role = Role.CUSTOMER if caller == NOBODY else Role(caller)
    return account(role, user_id=OWN_USER if role == Role.CUSTOMER else None)


def _recipient(asking: User, caller: str) -> str:
    return f"customer:{OWN_USER}" if caller in (Role.CUSTOMER, NOBODY) else f"account:{asking.pk}"


def _token(account: User) -> tuple[int, str]:
    kept, token = make_token(account)
    return TokenDetails.objects.get(token=kept).pk, token


def _order_with_alert(user_id: int) -> FraudAlert:
    when = datetime(2026, 3, 1, 12, tzinfo=UTC)
    order = events.Transaction(f"order-of-{user_id}", user_id, 20_000_000.0, Status.SUCCESS, when)
    create_transactions(orders=[order])
    return raise_alerts(received=[order])[0]


@pytest.mark.parametrize("caller", CALLERS)
def test_everybody_may_what_the_table_says(shop: Shop, caller: str) -> None:
    said = {(*row[:3],): row[HEADER.index(caller)] for row in ROWS}
    given = {asked: shop.ask_in_vain(*asked) for asked in said}
    assert {asked: status for asked, status in given.items() if status not in meant_by(said[asked])} == {}


def test_the_table_has_every_route_of_the_document() -> None:
    document: Any = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    documented = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert {(method, path) for method, path, *_ in ROWS} == documented


def test_the_table_asks_about_own_and_others_wherever_a_path_names_something() -> None:
    asked: dict[tuple[str, str], set[str]] = {}
    for method, path, whose, *_ in ROWS:
        asked.setdefault((method, path), set()).add(whose)
    assert all(whose == ({"own", "others"} if "{" in path else {"-"}) for (_, path), whose in asked.items())


@pytest.mark.parametrize(
    ("caller", "users"),
    [(Role.CUSTOMER, {OWN_USER})]
    + [(caller, {OWN_USER, OTHER_USER}) for caller in (Role.SHOP, Role.INVESTIGATOR, Role.ANALYST, SUPERUSER)],
)
def test_a_list_of_transactions_holds_those_that_one_may_read(shop: Shop, users: set[int]) -> None:
    assert {row["user_id"] for row in shop.ask("GET", "/transactions").json()["results"]} == users


@pytest.mark.parametrize("caller", [caller for caller in CALLERS if caller != NOBODY])
def test_lists_of_notifications_and_tokens_hold_ones_own(shop: Shop) -> None:
    notifications, tokens = (shop.ask("GET", path).json()["results"] for path in ("/notifications", "/auth/tokens"))
    assert [each["id"] for each in notifications] == [shop.named["own"]["notification"]]
    assert [each["is_current"] for each in tokens] == [True]
