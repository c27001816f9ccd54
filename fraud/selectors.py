"""What is read about alerts, and about the transactions they are about."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet, Sum

import database.unindexed  # noqa: F401 - makes the lookup known
from accounts.roles import Role
from events import AlertStatus
from events.money import shown
from fraud.cases import CLOSED
from fraud.models import AlertCount, AlertEntry, FraudAlert
from transactions.models import Transaction
from transactions.tellings import Known

RECENT = 20


def newest(limit: int) -> list[dict[str, Any]]:
    """The alerts raised last, newest first, as the live page shows them."""
    return [
        {
            "id": alert.pk,
            "order_id": alert.order_id,
            "user_id": alert.user_id,
            "amount": str(shown(alert.amount)),
            "rule": alert.rule,
            "status": alert.status,
            "timestamp": alert.timestamp,
            "raised_at": alert.raised_at,
        }
        for alert in FraudAlert.objects.order_by("-pk")[:limit]
    ]


def locked(alert: FraudAlert) -> FraudAlert:
    """An alert that nobody else changes until the database transaction at hand ends."""
    return FraudAlert.objects.select_for_update().get(pk=alert.pk)


LATEST_FIRST = ("-raised_at", "-id")
LARGEST_FIRST = ("-amount", "-id")


def order_of(asked: Collection[str]) -> tuple[str, ...]:
    """The columns by which alerts come that are asked for by these lookups; an index has them so."""
    return LARGEST_FIRST if asked and set(asked) <= {"amount__gte", "amount__lte"} else LATEST_FIRST


def index_of(asked: Collection[str]) -> str:
    """The table and the index that such a list is read from; empty: the database finds it by what is asked."""
    if order_of(asked) == LARGEST_FIRST:
        return "fraud_fraudalert fraud_alerts_by_amount"
    return "" if {"user_id", "status", "assignee", "rule"} & set(asked) else "fraud_fraudalert fraud_alerts_latest"


def narrowed(alerts: QuerySet[FraudAlert], asked: Mapping[str, Any]) -> QuerySet[FraudAlert]:
    """The alerts for which all of this holds: found by user, else by investigator, else by state, else by rule."""
    lookups = dict(asked)
    driving = ["user_id", *(["assignee"] if asked.get("assignee") else []), "status", "rule"]
    for name in [name for name in driving if name in lookups][1:]:
        if name in ("status", "rule"):
            lookups[f"{name}__unindexed"] = lookups.pop(name)
    return alerts.filter(**lookups)


def count_of(states: Collection[AlertStatus]) -> int:
    """How many alerts are in these states, as it is kept."""
    return int(AlertCount.objects.filter(status__in=states).aggregate(all=Sum("alerts"))["all"] or 0)


def oldest_open(rule: str) -> datetime | None:
    """When the oldest of a rule's alerts was raised on which nobody has decided; None: there is none."""
    # From the queue, which has them in this order; there is one rule so far.
    waiting = FraudAlert.objects.filter(rule__unindexed=rule, decided=0).order_by("raised_at")
    return waiting.values_list("raised_at", flat=True).first()


def investigators() -> QuerySet[User]:
    """The accounts that an alert can be assigned to."""
    return User.objects.filter(Q(groups__name=Role.INVESTIGATOR) | Q(is_superuser=True), is_active=True).distinct()


def history(alert: FraudAlert) -> QuerySet[AlertEntry]:
    """All that happened to an alert, oldest first."""
    return alert.history.select_related("by", "assignee")


def other_alerts(alert: FraudAlert) -> QuerySet[FraudAlert]:
    """The latest of the user's other alerts, newest first."""
    return FraudAlert.objects.filter(user_id=alert.user_id).exclude(pk=alert.pk).order_by("-raised_at", "-id")[:RECENT]


def transaction_of(alert: FraudAlert) -> Transaction | None:
    """The recorded transaction that an alert is about; None while it is on its way to the table."""
    return Transaction.objects.filter(order_id=alert.order_id).first()


def recent_transactions(alert: FraudAlert) -> QuerySet[Transaction]:
    """The user's latest transactions, newest first."""
    return Transaction.objects.filter(user_id=alert.user_id).order_by("-timestamp")[:RECENT]


def without_alert(order_ids: Iterable[str]) -> set[str]:
    """Those of these orders about which there is no alert."""
    asked = set(order_ids)
    return asked - set(FraudAlert.objects.filter(order_id__in=asked).values_list("order_id", flat=True))


def about_something_else(recorded: Mapping[str, Known]) -> set[str]:
    """Those of these orders whose open alerts have another user, amount or time than is recorded."""
    alerts = FraudAlert.objects.filter(order_id__in=list(recorded)).exclude(status__in=CLOSED)
    return {alert.order_id for alert in alerts if alert.about != _what(recorded[alert.order_id])}


def _what(recorded: Known) -> tuple[int, int, datetime]:
    return recorded.user_id, recorded.cents, recorded.timestamp
