from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import QuerySet
from django.utils import timezone

import database.unindexed  # noqa: F401 - makes the lookup known
from accounts.roles import rights_of
from notifications.alerts import is_silent
from notifications.messages import Message
from notifications.models import Heartbeat, Notification

ALERTING = "alerting"
"""The heartbeat that comes from Prometheus through Alertmanager."""


class NoHeartbeat(RuntimeError):
    """Alerts do not arrive; says since when."""


def last_heartbeat() -> datetime | None:
    """When Prometheus and Alertmanager last proved that alerts arrive; None: never."""
    return Heartbeat.objects.filter(name=ALERTING).values_list("at", flat=True).first()


def ping_alerting() -> None:
    """Returns if alerts arrive; raises NoHeartbeat."""
    last = last_heartbeat()
    if last is None:
        raise NoHeartbeat("Nothing has ever come from Alertmanager.")
    if is_silent(last, timezone.now()):
        raise NoHeartbeat(f"Nothing has come from Alertmanager since {last:%Y-%m-%d %H:%M:%S} UTC.")


def notifications_of(account: AbstractBaseUser | AnonymousUser) -> QuerySet[Notification]:
    """What was sent to this account, and to the shop's user whom it belongs to."""
    own = f"account:{account.pk}"
    user_id = rights_of(account).user_id
    if user_id is None:
        return Notification.objects.filter(listed_for=own)
    return Notification.objects.filter(recipient__in=[own, f"customer:{user_id}"])


def narrowed(notifications: QuerySet[Notification], asked: Mapping[str, Any]) -> QuerySet[Notification]:
    """Those for which all of this holds, found by the index that has them in the order of their ids."""
    lookups = dict(asked)
    if lookups.get("read_at__isnull") is False:
        # Nearly all were read: looked up row by row, the latest first.
        lookups["read_at__unindexed__isnull"] = lookups.pop("read_at__isnull")
    if "kind" in lookups and "read_at__isnull" in lookups:
        lookups["kind__unindexed"] = lookups.pop("kind")
    return notifications.filter(**lookups)


def was_sent(message: Message) -> bool:
    """Whether a customer was sent just this."""
    sent = Notification.objects.filter(
        recipient=f"customer:{message.to}", kind=message.kind, order_id=message.order_id, text=message.text
    )
    return sent.exists()
