"""What run_monitor tells of the investigators' desk."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.registry import Collector
from pytest_django import DjangoAssertNumQueries

from events import AlertStatus
from fraud import metrics, services
from fraud.models import FraudAlert
from native.driving.scraping import Scrape

pytestmark = pytest.mark.django_db
Raise = Callable[..., FraudAlert]
RULE = "amount-above-limit"


def told() -> Scrape:
    class Desk(Collector):
        collect = staticmethod(metrics.desk)

    registry = CollectorRegistry()
    registry.register(Desk())
    return Scrape(generate_latest(registry).decode())


def raised_ago(alert: FraudAlert, age: timedelta) -> None:
    FraudAlert.objects.filter(pk=alert.pk).update(raised_at=alert.raised_at - age)


def decided(alert: FraudAlert, by: User, outcome: AlertStatus, after: timedelta) -> None:
    raised_ago(alert, after)
    services.change_alert(alert=alert, by=by, status=outcome, note="seen")


def test_without_alerts_every_state_and_outcome_is_told_as_nothing() -> None:
    desk = told()
    states = {state: desk.value("platform_fraud_alerts", rule=RULE, state=state) for state in AlertStatus}
    assert states == dict.fromkeys(AlertStatus, 0)
    assert desk.value("platform_fraud_oldest_open_seconds", rule=RULE) == 0
    assert desk.value("platform_fraud_resolution_seconds_count", rule=RULE, outcome="CONFIRMED") == 0


def test_alerts_are_counted_in_the_state_they_are_in(raise_alert: Raise, amelia: User) -> None:
    raise_alert("order-1")
    services.take(alert=raise_alert("order-2"), by=amelia)
    services.take(alert=raise_alert("order-3"), by=amelia)
    desk = told()
    assert desk.value("platform_fraud_alerts", rule=RULE, state="OPEN") == 1
    assert desk.value("platform_fraud_alerts", rule=RULE, state="INVESTIGATING") == 2


def test_the_oldest_that_is_not_closed_is_told(raise_alert: Raise, amelia: User) -> None:
    raised_ago(raise_alert("order-1"), timedelta(hours=1))
    closed = raise_alert("order-2")
    raised_ago(closed, timedelta(hours=9))
    services.change_alert(alert=closed, by=amelia, status=AlertStatus.DISMISSED, note="seen")
    assert told().value("platform_fraud_oldest_open_seconds", rule=RULE) == pytest.approx(3600, abs=60)


def test_decisions_fall_into_the_buckets_of_the_time_they_took(raise_alert: Raise, amelia: User) -> None:
    decided(raise_alert("order-1"), amelia, AlertStatus.CONFIRMED, timedelta(minutes=10))
    decided(raise_alert("order-2"), amelia, AlertStatus.CONFIRMED, timedelta(hours=2))
    decided(raise_alert("order-3"), amelia, AlertStatus.DISMISSED, timedelta(days=30))
    desk, name = told(), "platform_fraud_resolution_seconds"
    confirmed = {
        le: desk.value(f"{name}_bucket", rule=RULE, outcome="CONFIRMED", le=le) for le in ("300.0", "900.0", "14400.0")
    }
    assert confirmed == {"300.0": 0, "900.0": 1, "14400.0": 2}
    assert desk.value(f"{name}_sum", rule=RULE, outcome="CONFIRMED") == pytest.approx(7800, abs=60)
    assert desk.value(f"{name}_bucket", rule=RULE, outcome="DISMISSED", le="604800.0") == 0
    assert desk.value(f"{name}_count", rule=RULE, outcome="DISMISSED") == 1


def test_a_note_on_a_closed_alert_is_no_decision_and_a_second_decision_is_one(alert: FraudAlert, amelia: User) -> None:
    services.change_alert(alert=alert, by=amelia, status=AlertStatus.CONFIRMED, note="fraud")
    services.change_alert(alert=alert, by=amelia, note="refunded")
    services.change_alert(alert=alert, by=amelia, status=AlertStatus.INVESTIGATING, note="really?")
    services.change_alert(alert=alert, by=amelia, status=AlertStatus.DISMISSED, note="no")
    desk = told()
    decisions = desk.values("platform_fraud_resolution_seconds_count", rule=RULE)
    assert decisions == [1, 1]


def test_it_takes_four_queries_however_many_alerts_there_are(
    raise_alert: Raise, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(5):
        raise_alert(f"order-{number}")
    with django_assert_num_queries(4):
        list(metrics.desk())
