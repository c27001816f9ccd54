"""All that people, programs and clocks ask again and again, each by a name."""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient

import fraud.metrics
import notifications.delivery
import notifications.metrics
import reconciliation.metrics
from accounts.roles import Role
from accounts.tasks import forget_expired_logins
from analytics.selectors import latest_hours
from api.tasks import forget_idempotency_keys
from audit.services import forget_before
from fraud import selectors as alerts
from fraud.models import FraudAlert
from monitoring import stored_checks
from monitoring.health import Down, Pending, Unknown
from notifications.models import Notification
from notifications.tasks import forget_old_notifications, notify_of_silence, send_emails
from streaming.tasks import purge_outbox
from tests.growth.tables import BEGIN
from transactions import selectors as transactions

Question = Callable[[], object]

DAY = "from=2026-01-05T00:00:00Z&to=2026-01-06T00:00:00Z"
LONG = "from=2026-01-02T00:00:00Z"
OF_TRANSACTIONS = (
    "", "limit=10", "user_id=7", "user_id=7&status=SUCCESS", "user_id=7&status=REFUNDED", "user_id=7&kind=REFUND",
    "user_id=7&amount_min=1", f"user_id=7&{LONG}", f"user_id=7&status=FAILED&{LONG}",
    "status=FAILED", "status=SUCCESS", "status=PENDING", "status=REFUNDED", "kind=ORDER", "kind=REFUND",
    "kind=REFUND&status=SUCCESS", "kind=REFUND&status=FAILED", "kind=REFUND&status=REFUNDED",
    "kind=ORDER&status=FAILED",
    "kind=ORDER&status=REFUNDED", "amount_min=999", "amount_min=1", "amount_min=99999", "amount_max=-999",
    "amount_max=-99999", "amount_min=500&amount_max=501", "amount_min=1&status=SUCCESS", "amount_min=999&status=FAILED",
    "amount_min=99999&status=SUCCESS", "amount_min=1&kind=REFUND", "amount_max=-1&kind=ORDER",
    "amount_max=-1&kind=REFUND",
    "amount_min=1&kind=ORDER&status=SUCCESS", DAY, LONG, "to=2026-01-03T00:00:00Z", f"{DAY}&status=FAILED",
    f"{DAY}&status=REFUNDED", f"{LONG}&status=SUCCESS", f"{LONG}&status=REFUNDED", f"{LONG}&kind=REFUND",
    f"{LONG}&kind=REFUND&status=FAILED", f"{DAY}&amount_min=999", f"{DAY}&amount_min=99999", f"{LONG}&amount_min=1",
    f"{DAY}&amount_min=1&status=FAILED", "refund_of=o-000050", "refund_of=nothing",
    "refund_of=nothing&status=SUCCESS", "refund_of=nothing&amount_min=1", f"{LONG}&refund_of=nothing",
    "refund_of=o-000050&kind=REFUND&status=SUCCESS",
)  # fmt: skip
OF_ALERTS = (
    "", "status=OPEN", "status=CONFIRMED", "status=INVESTIGATING", "user_id=7", "user_id=7&status=OPEN",
    "rule=amount-above-limit", "rule=none", "rule=amount-above-limit&status=OPEN",
    "assignee=me", "assignee=nobody", "assignee=me&status=OPEN", "amount_min=10099000", "amount_min=99999999", DAY,
    LONG, "amount_max=10000001", "amount_max=-1", "amount_min=10050000&amount_max=10051000",
    f"{DAY}&amount_max=10050000",
    f"status=OPEN&{DAY}", f"rule=amount-above-limit&{DAY}", "to=2025-01-01T00:00:00Z",
    "status=OPEN&to=2025-01-01T00:00:00Z",
)  # fmt: skip
OF_NOTIFICATIONS = (
    "",
    "unread=true",
    "unread=false",
    "kind=FRAUD_ALERT",
    "kind=ALERT_FIRING",
    "kind=ALERT_FIRING&unread=true",
)
A_DAY, LATER = {"gte": "2026-01-05T00:00:00Z", "lt": "2026-01-06T00:00:00Z"}, {"gte": "2026-01-02T00:00:00Z"}
SEARCHES: tuple[dict[str, Any], ...] = (
    {}, {"sort": "timestamp"}, {"sort": "amount"}, {"sort": "-amount"}, {"sort": "order_id"}, {"sort": "-order_id"},
    {"user_id": 7}, {"user_id": 7, "status": "SUCCESS", "sort": "amount"}, {"user_id": 7, "facets": ["status", "day"]},
    {"user_id": [7, 8, 9]}, {"status": "FAILED"}, {"status": "SUCCESS"}, {"status": "REFUNDED"}, {"status": "PENDING"},
    {"status": ["FAILED", "SUCCESS"]}, {"kind": "REFUND"}, {"kind": "ORDER", "status": "SUCCESS"},
    {"status": "SUCCESS", "sort": "-amount"}, {"status": "PENDING", "sort": "-amount"}, {"amount": {"gte": "998"}},
    {"amount": {"gte": "1"}}, {"amount": {"gte": "99999"}}, {"amount": {"gte": "1"}, "status": "SUCCESS"},
    {"timestamp": A_DAY}, {"timestamp": LATER, "status": "FAILED"}, {"timestamp": LATER, "status": "REFUNDED"},
    {"timestamp": LATER, "sort": "timestamp"}, {"amount": {"lte": "900"}, "sort": "-amount"},
    {"timestamp": A_DAY, "amount": {"gte": "998"}}, {"order_id": ["o-000001", "nothing"]},
    {"order_id": "o-000001", "status": "FAILED"},
)  # fmt: skip
PAGES = {
    "transactions/transaction": (
        "", "p=2", "status__exact=FAILED", "status__exact=REFUNDED", "kind__exact=REFUND&status__exact=FAILED", "q=7",
        "q=o-000001", "q=nothing", "o=2", "o=-2", "o=5", "o=-5", "status__exact=SUCCESS&o=2", "amount_from=999",
        "amount_from=1&status__exact=SUCCESS",
    ),
    "fraud/fraudalert": (
        "", "p=2", "progress=ALL", "progress=CONFIRMED", "progress=INVESTIGATING", "q=7", "progress=ALL&q=f-000001",
        "investigator=me", "o=2", "o=-2", "o=6", "o=-6", "progress=ALL&o=2",
    ),
    "notifications/refusedaddress": ("",),
    "audit/auditline": (
        "", "p=2", "q=7", "q=o-000050", "q=nothing", "reader=9001", "reader=9009", "reader=9001&q=7",
    ),
}  # fmt: skip


def client_of(name: str) -> APIClient:
    client = APIClient()
    client.force_authenticate(User.objects.get(username=name))
    return client


def _get(role: Role, address: str) -> Question:
    def ask() -> None:
        page = client_of(role).get(address)
        assert page.status_code == 200, page.content
        if page.json().get("next"):
            following = client_of(role).get(page.json()["next"])
            assert following.status_code == 200
            assert client_of(role).get(following.json()["previous"]).status_code == 200

    return ask


def _search(body: dict[str, Any]) -> Question:
    def ask() -> None:
        client = client_of(Role.ANALYST)
        page = client.post("/search/transactions", body)
        assert page.status_code == 200, page.content
        if cursor := page.json()["next_cursor"]:
            assert client.post("/search/transactions", body | {"cursor": cursor}).status_code == 200

    return ask


def _page(address: str) -> Question:
    def ask() -> None:
        client = Client()
        client.force_login(User.objects.get(username="root"))
        assert client.get(address).status_code == 200, address

    return ask


def _one_alert() -> None:
    alert = FraudAlert.objects.order_by("-pk").first()
    assert alert is not None
    _page(f"/admin/fraud/fraudalert/{alert.pk}/change/")()
    assert client_of(Role.INVESTIGATOR).get(f"/fraud/alerts/{alert.pk}").status_code == 200


def _one_notification() -> None:
    note = Notification.objects.filter(recipient="customer:6").order_by("-pk").first()
    assert note is not None
    assert client_of(Role.CUSTOMER).get(f"/notifications/{note.pk}").status_code == 404


def _check(ask: Callable[[], object]) -> Question:
    def asked() -> None:
        with suppress(Down, Unknown, Pending):
            ask()

    return asked


QUESTIONS: dict[str, Question] = {
    "GET /transactions/o-000001": lambda: client_of(Role.SHOP).get("/transactions/o-000001"),
    **{f"GET /transactions?{query}": _get(Role.SHOP, f"/transactions?{query}") for query in OF_TRANSACTIONS},
    **{
        f"a customer's {query}": _get(Role.CUSTOMER, f"/transactions?{query}")
        for query in ("", "status=REFUNDED", LONG)
    },
    **{f"GET /fraud/alerts?{query}": _get(Role.INVESTIGATOR, f"/fraud/alerts?{query}") for query in OF_ALERTS},
    **{f"GET /notifications?{query}": _get(Role.INVESTIGATOR, f"/notifications?{query}") for query in OF_NOTIFICATIONS},
    **{f"a customer's notifications {q}": _get(Role.CUSTOMER, f"/notifications?{q}") for q in OF_NOTIFICATIONS},
    "GET hourly": _get(Role.ANALYST, "/analytics/users/7/hourly"),
    "GET hourly of a day": _get(Role.ANALYST, f"/analytics/users/7/hourly?{DAY}"),
    **{f"search {json.dumps(body)}": _search(body) for body in SEARCHES},
    **{
        f"admin {model}?{query}": _page(f"/admin/{model}/?{query}")
        for model, queries in PAGES.items()
        for query in queries
    },
    "one alert": _one_alert,
    "another's notification": _one_notification,
    "live: transactions": lambda: transactions.newest(10),
    "live: alerts": lambda: alerts.newest(10),
    "live: hours": lambda: latest_hours(36),
    "monitor: desk": lambda: list(fraud.metrics.desk()),
    "monitor: heartbeat": lambda: list(notifications.metrics.heartbeat()),
    "monitor: e-mails": lambda: list(notifications.delivery.figures()),
    "monitor: comparisons": lambda: list(reconciliation.metrics.last_run()),
    "GET /monitoring/kafka": _check(lambda: client_of(Role.OPERATOR).get("/monitoring/kafka")),
    **{
        f"health: {check.__name__}": _check(check)
        for check in (
            stored_checks.kafka,
            stored_checks.alerting,
            stored_checks.mail,
            stored_checks.records,
            stored_checks.celery_beat,
            stored_checks.reconciliation,
        )
    },
    "task: e-mails": send_emails,
    "task: silence": notify_of_silence,
    "task: old notifications": forget_old_notifications,
    "task: old keys": forget_idempotency_keys,
    "task: old logins": forget_expired_logins,
    "task: outbox": purge_outbox,
    "command: old audit lines": lambda: forget_before(BEGIN),
}
