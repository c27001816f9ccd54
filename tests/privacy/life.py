"""A customer's life on the platform, by the doors that people use; and a search for it in all tables."""

import json
import zlib
from base64 import b64encode
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from django.contrib.auth.models import Group, User
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.roles import Role
from events import Status, Transaction
from fraud.models import FraudAlert
from fraud.services import raise_alerts
from notifications import consumers
from notifications.models import Notification, RefusedAddress
from notifications.services import send_waiting_emails
from tests.conftest import ClientAs
from tests.notifications.smtp import mail_server
from tests.reconciliation.conftest import TWO
from tests.records import batch

USER, NEIGHBOUR = 4711, 4712
PASSWORD = "a password of some length"
NAME, EARLIER, BOUNCING = "customer-4711", "earlier-4711@shop.example", "bounce@shop-4711.example"
GIVEN, FAMILY = "Given-4711", "Family-4711"
WORDS = {
    "account": NAME,
    "address": BOUNCING,
    "earlier address": EARLIER,
    "first name": GIVEN,
    "last name": FAMILY,
    "name of a token": "the phone of 4711",
    "note on a refund": "4711 rang us about the parcel",
    "note on an alert": "4711 has a new card",
}
"""what identifies the customer, each found nowhere else"""


def live(client_as: ClientAs, superuser: Client, settings: Any) -> None:
    """Sign up, order, be told, bounce, log in and out, be suspected, be given money back."""
    _sign_up(superuser)
    shop, detective = client_as(Role.SHOP), client_as(Role.INVESTIGATOR)
    for number in range(5):
        _order(shop, f"o-{number}", USER)
    _order(shop, "other", NEIGHBOUR)
    for order_id in ("o-0", "other"):
        refund = {"amount": "1.50", "note": WORDS["note on a refund"] if order_id == "o-0" else "kept: of a neighbour"}
        _ok(shop.post(f"/transactions/{order_id}/refunds", refund, headers={"Idempotency-Key": f"refund-{order_id}"}))
    _be_suspected(detective)
    _be_told(superuser, settings)
    _log_in()


def _sign_up(superuser: Client) -> None:
    account = User.objects.create_user(NAME, password=PASSWORD)
    form: dict[str, Any] = {
        "username": NAME,
        "first_name": GIVEN,
        "last_name": FAMILY,
        "email": EARLIER,
        "is_active": "on",
        "groups": Group.objects.get(name=Role.CUSTOMER).pk,
        "date_joined_0": "2026-03-01",
        "date_joined_1": "12:00:00",
        "customer-TOTAL_FORMS": 1,
        "customer-INITIAL_FORMS": 0,
        "customer-0-user_id": USER,
    }
    assert superuser.post(reverse("admin:auth_user_change", args=[account.pk]), form).status_code == 302


def _order(shop: APIClient, order_id: str, user_id: int) -> None:
    order = {"order_id": order_id, "user_id": user_id, "amount": "12.50", "status": "SUCCESS", "timestamp": TWO}
    _ok(shop.post("/transactions", order, headers={"Idempotency-Key": order_id}))


def _be_suspected(detective: APIClient) -> None:
    raise_alerts(received=[Transaction("o-huge", USER, 20_000_000.0, Status.SUCCESS, TWO)])
    raise_alerts(received=[Transaction("other-huge", NEIGHBOUR, 20_000_000.0, Status.SUCCESS, TWO)])
    for order_id, note in (("o-huge", WORDS["note on an alert"]), ("other-huge", "kept: of a neighbour")):
        alert = FraudAlert.objects.get(order_id=order_id)
        decision = {"status": "CONFIRMED", "note": note}
        _ok(detective.patch(f"/fraud/alerts/{alert.pk}", decision, headers={"Idempotency-Key": order_id}))


def _be_told(superuser: Client, settings: Any) -> None:
    """At an earlier address, then at one that refuses, which a superuser lets be tried once more."""
    tell("o-0", "o-1")
    with mail_server(settings):
        assert send_waiting_emails() == 2
        User.objects.filter(username=NAME).update(email=BOUNCING)
        tell("o-2")
        assert send_waiting_emails() == 0
        (refused,) = RefusedAddress.objects.all()
        address = reverse("admin:notifications_refusedaddress_delete", args=[refused.pk])
        assert superuser.post(address, {"post": "yes"}).status_code == 302
        tell("o-3")
        assert send_waiting_emails() == 0
    tell("o-4")


def tell(*order_ids: str) -> None:
    """Orders come to the notifier."""
    consumers.notify(batch(*(Transaction(each, USER, 12.5, Status.SUCCESS, TWO) for each in order_ids)))


def _log_in() -> None:
    login = {"Authorization": "Basic " + b64encode(f"{NAME}:{PASSWORD}".encode()).decode()}
    token = APIClient(headers=login).post("/auth/tokens", {"name": WORDS["name of a token"]}, format="json")
    assert token.status_code == 201
    bearer = APIClient(headers={"Authorization": f"Bearer {token.data['token']}"})
    told = Notification.objects.get(recipient=f"customer:{USER}", order_id="o-0").pk
    _ok(bearer.patch(f"/notifications/{told}", {"read": True}, format="json", headers={"Idempotency-Key": "read"}))
    assert Client().post("/login", {"username": NAME, "password": PASSWORD}).status_code == 302
    # Some take their address for their name.
    for name in (NAME, BOUNCING):
        Client().post("/login", {"username": name, "password": "not that one"})


def _ok(answer: Any) -> None:
    assert answer.status_code in (200, 201), answer.content


def holding(words: Iterable[str]) -> dict[str, set[str]]:
    """Each of these words → the columns of all tables of the database in which it stands, in any form that we store."""
    found: dict[str, set[str]] = {word: set() for word in words}
    for column, value in _values():
        text = _readable(value)
        for word, columns in found.items():
            if word.lower() in text:
                columns.add(column)
    return found


def _values() -> Iterator[tuple[str, Any]]:
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            columns = [about[0] for about in cursor.description]
            for row in cursor.fetchall():
                yield from ((f"{table}.{column}", value) for column, value in zip(columns, row, strict=True))


def _readable(value: Any) -> str:
    """A value as text, unpacked if it is compressed, and opened if it is a session."""
    if isinstance(value, bytes | memoryview | bytearray):
        raw = bytes(value)
        with suppress(zlib.error):
            raw = zlib.decompress(raw)
        return raw.decode(errors="replace").lower()
    text = str(value)
    opened = SessionStore().decode(text) if ":" in text and text.isascii() and " " not in text else {}
    return f"{text} {json.dumps(opened)}".lower()
