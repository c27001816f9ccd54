from collections.abc import Callable
from datetime import datetime

import pytest
from django.contrib.auth.models import User
from pytest_django import DjangoAssertNumQueries

import events
from events import AlertChange, AlertStatus
from fraud import services
from fraud.models import AlertEntry, FraudAlert
from fraud.services import ChangedMeanwhile, NotAllowed
from streaming.clients import codec
from streaming.models import OutboxMessage
from streaming.topics import Topic

Order = Callable[..., events.Transaction]


def told() -> list[events.FraudAlert]:
    messages = OutboxMessage.objects.filter(topic=Topic.FRAUD_ALERTS).order_by("pk")
    decoded = [codec().decode(Topic.FRAUD_ALERTS, bytes(message.payload)) for message in messages]
    return [event for event in decoded if isinstance(event, events.FraudAlert)]


def to_millis(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


@pytest.mark.django_db
def test_a_suspicious_order_raises_an_alert_with_its_facts(make_order: Order) -> None:
    [alert] = services.raise_alerts(received=[make_order("order-1", 10_000_000.01, user_id=7)])
    alert.refresh_from_db()
    assert (alert.order_id, alert.user_id, str(alert.amount)) == ("order-1", 7, "10000000.01")
    assert (alert.rule, alert.status, alert.assignee) == ("amount-above-limit", AlertStatus.OPEN, None)
    assert alert.timestamp == make_order().timestamp


@pytest.mark.django_db
def test_a_raised_alert_begins_its_history_and_is_told(make_order: Order) -> None:
    [alert] = services.raise_alerts(received=[make_order("order-1", 10_000_000.01)])
    [entry] = alert.history.all()
    assert (entry.by, entry.previous_status, entry.status) == (None, "", AlertStatus.OPEN)
    assert told() == [
        events.FraudAlert(
            order_id="order-1",
            user_id=7,
            amount=10_000_000.01,
            rule="amount-above-limit",
            change=AlertChange.RAISED,
            status=AlertStatus.OPEN,
            timestamp=to_millis(alert.raised_at),
        )
    ]


@pytest.mark.django_db
def test_an_order_raises_one_alert_however_often_it_is_sent(make_order: Order) -> None:
    twice = [make_order("order-1"), make_order("order-1", 30_000_000)]
    assert len(services.raise_alerts(received=twice)) == 1
    assert services.raise_alerts(received=[make_order("order-1"), make_order("order-2")]) == [
        FraudAlert.objects.get(order_id="order-2")
    ]
    assert FraudAlert.objects.count() == AlertEntry.objects.count() == len(told()) == 2


@pytest.mark.django_db
def test_the_alerts_of_a_batch_are_raised_at_one_moment(make_order: Order) -> None:
    one, other = services.raise_alerts(received=[make_order("order-1"), make_order("order-2")])
    assert one.raised_at == other.raised_at


@pytest.mark.django_db
def test_an_unsuspicious_batch_asks_the_database_nothing(
    make_order: Order, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        assert services.raise_alerts(received=[make_order(f"order-{n}", 10_000_000) for n in range(1000)]) == []


@pytest.mark.django_db
def test_a_batch_of_a_thousand_alerts_takes_few_queries(
    make_order: Order, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(30):
        assert len(services.raise_alerts(received=[make_order(f"order-{n}") for n in range(1000)])) == 1000


def test_who_takes_an_alert_investigates_it(alert: FraudAlert, amelia: User) -> None:
    taken = services.take(alert=alert, by=amelia)
    assert (taken.status, taken.assignee) == (AlertStatus.INVESTIGATING, amelia)


def test_of_two_who_take_at_once_one_gets_it(alert: FraudAlert, amelia: User, bela: User) -> None:
    seen_by_amelia, seen_by_bela = FraudAlert.objects.get(), FraudAlert.objects.get()
    services.take(alert=seen_by_amelia, by=amelia)
    with pytest.raises(NotAllowed, match="amelia has this alert"):
        services.take(alert=seen_by_bela, by=bela)
    alert.refresh_from_db()
    assert alert.assignee == amelia
    assert alert.history.count() == 2


def test_taking_twice_changes_nothing_more(alert: FraudAlert, amelia: User) -> None:
    services.take(alert=alert, by=amelia)
    services.take(alert=alert, by=amelia)
    assert alert.history.count() == 2


def test_every_change_is_written_down_and_told(alert: FraudAlert, amelia: User) -> None:
    services.take(alert=alert, by=amelia)
    changed = services.change_alert(alert=alert, by=amelia, status=AlertStatus.CONFIRMED, note=" stolen card ")
    entry = alert.history.last()
    assert entry is not None
    assert (entry.by, entry.assignee, entry.note) == (amelia, amelia, "stolen card")
    assert (entry.previous_status, entry.status) == (AlertStatus.INVESTIGATING, AlertStatus.CONFIRMED)
    assert [(event.change, event.status) for event in told()] == [
        (AlertChange.RAISED, AlertStatus.OPEN),
        (AlertChange.CHANGED, AlertStatus.INVESTIGATING),
        (AlertChange.CHANGED, AlertStatus.CONFIRMED),
    ]
    assert told()[-1].timestamp == to_millis(changed.updated_at)


def test_a_note_alone_is_a_change(alert: FraudAlert, amelia: User) -> None:
    services.change_alert(alert=alert, by=amelia, note="the same card as order-2")
    alert.refresh_from_db()
    assert (alert.status, alert.assignee, alert.history.count()) == (AlertStatus.OPEN, None, 2)


def test_an_alert_can_be_handed_back(alert: FraudAlert, amelia: User, bela: User) -> None:
    services.take(alert=alert, by=amelia)
    services.change_alert(alert=alert, by=amelia, assignee=None)
    assert services.take(alert=alert, by=bela).assignee == bela


def test_a_closed_alert_is_reopened_with_a_note(alert: FraudAlert, amelia: User, bela: User) -> None:
    services.change_alert(alert=alert, by=amelia, status=AlertStatus.DISMISSED, note="a known customer")
    with pytest.raises(NotAllowed, match="note"):
        services.change_alert(alert=alert, by=bela, status=AlertStatus.INVESTIGATING)
    again = services.change_alert(alert=alert, by=bela, status=AlertStatus.INVESTIGATING, note="a second order")
    assert (again.status, again.assignee) == (AlertStatus.INVESTIGATING, bela)


def test_a_refused_change_leaves_no_trace(alert: FraudAlert, amelia: User) -> None:
    with pytest.raises(NotAllowed, match="note"):
        services.change_alert(alert=alert, by=amelia, status=AlertStatus.CONFIRMED, note="  ")
    alert.refresh_from_db()
    assert (alert.status, alert.history.count(), len(told())) == (AlertStatus.OPEN, 1, 1)


def test_a_decision_on_an_outdated_view_is_refused(alert: FraudAlert, amelia: User) -> None:
    seen = alert.version
    services.change_alert(alert=alert, by=amelia, note="the customer called", seen=seen)
    with pytest.raises(ChangedMeanwhile, match="order-1 changed"):
        services.change_alert(alert=alert, by=amelia, status=AlertStatus.DISMISSED, note="harmless", seen=seen)
