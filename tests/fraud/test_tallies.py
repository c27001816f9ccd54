"""The kept figures of the desk are those that the alerts and their history come to."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection

from database.portions import portions_of_table
from events import AlertStatus, Status, Transaction
from fraud import services
from fraud.buckets import LONGER, bucket_of
from fraud.cases import CLOSED
from fraud.models import AlertCount, AlertEntry, DecisionTime, FraudAlert
from tests.records import recorded

pytestmark = pytest.mark.django_db
Raise = Callable[..., FraudAlert]
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def kept() -> tuple[dict[Any, int], dict[Any, tuple[int, int]]]:
    counts = {(each.rule, each.status): each.alerts for each in AlertCount.objects.filter(alerts__gt=0)}
    times = {
        (each.rule, each.outcome, each.within): (each.decisions, each.micros) for each in DecisionTime.objects.all()
    }
    return counts, times


def counted() -> tuple[dict[Any, int], dict[Any, tuple[int, int]]]:
    counts = Counter(FraudAlert.objects.values_list("rule", "status"))
    times: dict[Any, tuple[int, int]] = {}
    for entry in AlertEntry.objects.filter(status__in=CLOSED).exclude(previous_status__in=CLOSED):
        took = entry.at - entry.alert.raised_at
        key = entry.alert.rule, entry.status, bucket_of(took)
        decisions, micros = times.get(key, (0, 0))
        times[key] = decisions + 1, micros + took // timedelta(microseconds=1)
    return dict(counts), times


@pytest.fixture
def a_day_at_the_desk(raise_alert: Raise, amelia: User, bela: User) -> None:
    alerts = [raise_alert(f"order-{number}") for number in range(6)]
    for number, alert in enumerate(alerts):
        FraudAlert.objects.filter(pk=alert.pk).update(raised_at=alert.raised_at - number * timedelta(hours=2))
    services.take(alert=alerts[0], by=amelia)
    services.take(alert=alerts[0], by=amelia)
    services.change_alert(alert=alerts[0], by=amelia, status=AlertStatus.CONFIRMED, note="fraud")
    services.change_alert(alert=alerts[0], by=amelia, note="refunded")
    services.change_alert(alert=alerts[0], by=bela, status=AlertStatus.INVESTIGATING, note="really?")
    services.change_alert(alert=alerts[0], by=bela, status=AlertStatus.DISMISSED, note="no")
    for alert in alerts[1:4]:
        services.change_alert(alert=alert, by=bela, status=AlertStatus.DISMISSED, note="seen")
    with pytest.raises(services.NotAllowed):
        services.change_alert(alert=alerts[5], by=bela, status=AlertStatus.CONFIRMED)


def test_they_are_so_after_a_day_at_the_desk(a_day_at_the_desk: None) -> None:
    assert kept() == counted()
    assert sum(number for number, _ in kept()[1].values()) == 5


def test_an_order_sent_again_is_counted_once(raise_alert: Raise) -> None:
    raise_alert("order-1")
    services.raise_alerts(received=[Transaction("order-1", 7, 20_000_000, Status.SUCCESS, NOON)])
    assert kept() == counted()


def test_alerts_that_the_platform_itself_moves_on_are_counted_too(raise_alert: Raise) -> None:
    for order_id in ("harmless", "other", "unalerted"):
        if order_id != "unalerted":
            raise_alert(order_id)
        amount = 5 if order_id == "harmless" else 30_000_000
        recorded(Transaction(order_id, 7, amount, Status.SUCCESS, NOON))
    services.realign(order_ids=["harmless", "other", "unalerted"])
    assert sorted(FraudAlert.objects.values_list("order_id", "status")) == [
        ("harmless", "DISMISSED"),
        ("other", "OPEN"),
        ("unalerted", "OPEN"),
    ]
    assert kept() == counted()


def test_a_migration_counts_what_was_there_before_also_after_one_that_was_ended(
    a_day_at_the_desk: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    filling = import_module("fraud.migrations.0003_fill_figures")
    monkeypatch.setattr(filling, "portions_of_table", partial(portions_of_table, size=2))
    DecisionTime.objects.update(decisions=77)
    AlertCount.objects.all().delete()
    filling.add_up(apps, SimpleNamespace(connection=connection))
    assert kept() == counted()


@pytest.mark.parametrize(
    ("seconds", "bucket"), [(0, 300), (300, 300), (300.000001, 900), (7 * 86400, 7 * 86400), (7 * 86400 + 1, LONGER)]
)
def test_a_bucket_holds_its_upper_bound(seconds: float, bucket: int) -> None:
    assert bucket_of(timedelta(seconds=seconds)) == bucket
