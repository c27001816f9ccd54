"""What stays of a person who is forgotten: numbers in tables, and records in topics until those end."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from analytics.models import HourlyTotal
from fraud.models import FraudAlert
from notifications.models import Notification
from streaming.topics import DAY_MS, DEAD_LETTERS, topic_configs, topics_in_use
from transactions.models import CorrectedTelling, Misattribution, Transaction

NUMBERS = {
    "transactions": Transaction,
    "orders that were ascribed to another user": Misattribution,
    "corrections": CorrectedTelling,
    "hourly totals": HourlyTotal,
    "fraud alerts": FraudAlert,
}
"""Tables with the shop's number of a user, amounts, times and order ids, by what their rows are."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long topics keep what was published of somebody."""

    topics: tuple[str, ...]
    days: int
    of_senders: bool
    """whether it may be anything, as whoever sent it wrote it: dead letters"""

    def ends(self, now: datetime) -> datetime:
        """When nothing is left in these of what stands in them now."""
        return now + timedelta(days=self.days)


def numbers_of(user_id: int) -> dict[str, int]:
    """How many rows stay that have this number, by what they are."""
    return {what: model._default_manager.filter(user_id=user_id).count() for what, model in NUMBERS.items()}


def is_known(user_id: int) -> bool:
    """Whether anything is held under this number, an account apart."""
    told = Notification.objects.filter(recipient=f"customer:{user_id}")
    return told.exists() or any(numbers_of(user_id).values())


def retentions() -> list[Retention]:
    """The topics in use, those with the same retention together, the shortest first."""
    by_days: dict[tuple[int, bool], list[str]] = {}
    for name, config in topic_configs(topics_in_use()).items():
        key = (int(config["retention.ms"]) // DAY_MS, name.endswith(DEAD_LETTERS))
        by_days.setdefault(key, []).append(name)
    return [Retention(tuple(sorted(names)), *key) for key, names in sorted(by_days.items())]


def compacted(configs: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """The topics that keep the last record of a key for good: only a tombstone ends that."""
    return {name for name, config in configs.items() if "compact" in str(config.get("cleanup.policy", "delete"))}


def binlog_days() -> float | None:
    """How long MySQL's log of changes has erased rows as they were; None: the database writes none."""
    if connection.vendor != "mysql":
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@log_bin, @@binlog_expire_logs_seconds")
        is_on, seconds = cursor.fetchone()
    return seconds / timedelta(days=1).total_seconds() if is_on else None
