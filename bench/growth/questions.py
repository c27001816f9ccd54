"""What people, machines and clocks ask of the platform, each with the limit within which it has to be answered.

Lists, searches and pages go through the whole API or admin, as a client sees them; tasks are called as Celery does.
"""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone
from django.utils.module_loading import import_string

from analytics import selectors as analytics
from audit.models import AuditLine
from bench.api.paths import cursor
from bench.growth import batches
from bench.growth.asking import Ask, Question, checked, client
from fraud import selectors as fraud
from fraud.models import FraudAlert
from monitoring.management.commands.run_monitor import SOURCES
from streaming.carriers import OutboxCarriedBy
from transactions import selectors as transactions
from transactions.models import Transaction

PAGE_MS, TASK_MS = 150, 100
NOT_OF_TABLES = {"reconcile", "simulate traffic"}
"""of Celery's schedule: one compares topics with tables, the other makes orders"""


def all_questions(tokens: dict[str, str]) -> list[Question]:
    """tokens: of the demo accounts, by name."""
    some = _somewhere()
    return [
        *_lists(tokens, some),
        *_searches(tokens, some),
        *_pages(some),
        *_of_the_live_page(),
        *_of_the_monitor(),
        *batches.questions(tokens),
        *_tasks(),
    ]


def _somewhere() -> Transaction:
    """A transaction in the middle of the table."""
    last = Transaction.objects.order_by("-pk").values_list("pk", flat=True)[0]
    return Transaction.objects.get(pk=last // 2)


def _lists(tokens: dict[str, str], some: Transaction) -> Iterator[Question]:
    day = f"from={_day(some.timestamp)}&to={_day(some.timestamp + timedelta(days=1))}"
    alert = FraudAlert.objects.order_by("-pk").first()
    asked = {
        "shop": [
            f"/transactions/{some.order_id}",
            "/transactions",
            "/transactions?limit=1000",
            f"/transactions?user_id={some.user_id}",
            f"/transactions?user_id={some.user_id}&status=PENDING",
            "/transactions?status=FAILED",
            "/transactions?status=REFUNDED",
            "/transactions?kind=REFUND",
            "/transactions?kind=ORDER&status=FAILED",
            "/transactions?amount_min=999.95",
            "/transactions?amount_min=99999999",
            f"/transactions?{day}",
            "/transactions?refund_of=nothing",
        ],
        "customer": ["/transactions", "/notifications", "/notifications?unread=true"],
        "analyst": [f"/analytics/users/{some.user_id}/hourly"],
        "investigator": [
            "/fraud/alerts",
            "/fraud/alerts?status=OPEN",
            f"/fraud/alerts?status=CONFIRMED&user_id={some.user_id}",
            "/fraud/alerts?amount_min=10999990",
            *([f"/fraud/alerts/{alert.pk}"] if alert else []),
            "/notifications",
            "/notifications?unread=true",
        ],
    }
    for who, paths in asked.items():
        for path in paths:
            shown = path.replace(some.order_id, "ID").replace(str(some.user_id), "USER").replace(day, "an old day")
            yield Question(f"GET {_without_ids(shown)}, {who}", PAGE_MS, _get(path, tokens[who]))
    yield Question("GET /transactions, a page deep down, shop", PAGE_MS, _get(_deep(some), tokens["shop"]))


def _without_ids(path: str) -> str:
    return path if not path.startswith("/fraud/alerts/") else "/fraud/alerts/ID"


def _deep(some: Transaction) -> str:
    return f"/transactions?cursor={cursor(some.timestamp.replace(tzinfo=None).isoformat(), some.order_id)}"


def _searches(tokens: dict[str, str], some: Transaction) -> Iterator[Question]:
    day = {"gte": _day(some.timestamp), "lt": _day(some.timestamp + timedelta(days=1))}
    narrow: dict[str, dict[str, Any]] = {
        "everything": {},
        "a user": {"user_id": some.user_id},
        "a status": {"status": "FAILED"},
        "a rare amount": {"amount": {"gte": "999.95"}},
        "by amount": {"sort": "-amount"},
        "an old day with facets": {"timestamp": day, "facets": ["hour", "status"]},
    }
    for name, body in narrow.items():
        yield Question(f"search: {name}", PAGE_MS, _search(body, tokens["analyst"]))
    # What reads all there is has a limit of its own, at which it is refused.
    wide = {"facets": ["status", "kind", "day", "amount"]}
    limit = 1100 * float(getattr(settings, "QUERY_SECONDS", 2))
    yield Question("search: everything with all facets", limit, _search(wide, tokens["analyst"], refused=True))


def _pages(some: Transaction) -> Iterator[Question]:
    people = client()
    people.force_login(User.objects.get(username="admin"))

    def page(path: str) -> Ask:
        return lambda: checked(people.get(path), path)

    import_string(f"{settings.ROOT_URLCONF}.urlpatterns")  # whose import makes the admin known
    for model in admin.site._registry:
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        path = reverse(f"admin:{name}_changelist")
        yield Question(f"admin: {path}", PAGE_MS, page(path))
    table, desk = (reverse(f"admin:{name}_changelist") for name in ("transactions_transaction", "fraud_fraudalert"))
    asked = {
        "transactions, page 2000": f"{table}?p=2000",
        "transactions that failed": f"{table}?status__exact=FAILED",
        "transactions by amount": f"{table}?o=3",
        "transactions by status": f"{table}?o=4",
        "transactions of a user": f"{table}?q={some.user_id}",
        "desk, all": f"{desk}?progress=ALL",
        "desk, all, deep down": f"{desk}?progress=ALL&p={1 + FraudAlert.objects.count() // 200}",
        "desk, a search": f"{desk}?progress=ALL&q=abc",
    }
    log, last = reverse("admin:audit_auditline_changelist"), AuditLine.objects.order_by("-pk").first()
    if last:
        asked["log of a user"] = f"{log}?q={some.user_id}"
        asked["log of an order"] = f"{log}?q={last.order_id or some.order_id}"
        asked["log of a reader"] = f"{log}?reader={last.account_id}"
    if alert := FraudAlert.objects.order_by("-pk").first():
        asked["desk, one alert"] = reverse("admin:fraud_fraudalert_change", args=[alert.pk])
    for name, path in asked.items():
        yield Question(f"admin: {name}", PAGE_MS, page(path))


def _of_the_live_page() -> Iterator[Question]:
    yield Question("live page: hours", TASK_MS, lambda: analytics.latest_hours(36))
    yield Question("live page: transactions", TASK_MS, lambda: transactions.newest(10))
    yield Question("live page: alerts", TASK_MS, lambda: fraud.newest(10))


def _of_the_monitor() -> Iterator[Question]:
    def asked(source: Any) -> Ask:
        return lambda: list(source())

    for source in SOURCES:
        name = f"{source.__module__.rpartition('.')[2]}.{source.__name__}"
        yield Question(f"monitor: {name}", TASK_MS, asked(source))


def _tasks() -> Iterator[Question]:
    for name, entry in settings.CELERY_BEAT_SCHEDULE.items():
        if name not in NOT_OF_TABLES:
            yield Question(f"task: {name}", TASK_MS, _task(entry["task"]), changes=True)


def _task(path: str) -> Ask:
    task = import_string(
        {"notifications.tasks.tell_of_silence": "notifications.tasks.notify_of_silence"}.get(path, path)
    )

    def run() -> Any:
        # Rows of the outbox are many only where Debezium leaves them.
        with override_settings(OUTBOX_CARRIED_BY=OutboxCarriedBy.CONNECT):
            return task()

    return run


def _get(path: str, token: str) -> Ask:
    asks = client(authorization=f"Bearer {token}")
    return lambda: checked(asks.get(path), path)


def _search(body: dict[str, Any], token: str, *, refused: bool = False) -> Ask:
    asks, path = client(authorization=f"Bearer {token}"), "/search/transactions"
    allowed = {200, 400} if refused else {200}
    return lambda: checked(asks.post(path, json.dumps(body), content_type="application/json"), path, allowed)


def _day(moment: Any) -> str:
    return f"{moment.astimezone(timezone.get_default_timezone()):%Y-%m-%d}T00:00:00Z"
