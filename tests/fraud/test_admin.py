from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.contrib.messages import get_messages
from django.test import Client
from django.utils import timezone

from events import AlertStatus
from fraud import services
from fraud.models import FraudAlert
from streaming.models import OutboxMessage
from transactions.models import Transaction

QUEUE = "/admin/fraud/fraudalert/"

Raise = Callable[..., FraudAlert]
Desk = Callable[[User], Client]


def page_of(alert: FraudAlert) -> str:
    return f"{QUEUE}{alert.pk}/change/"


def listed(response: Any) -> list[str]:
    return [alert.order_id for alert in response.context["cl"].result_list]


def buttons(response: Any) -> list[str]:
    return [move.name for move in response.context["moves"]]


def told(response: Any) -> str:
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


def press(client: Client, alert: FraudAlert, move: str, note: str = "", seen: str = "") -> Any:
    alert.refresh_from_db()
    return client.post(page_of(alert), {"move": move, "note": note, "seen": seen or alert.version})


def test_the_queue_holds_what_is_to_be_decided_oldest_and_largest_first(
    raise_alert: Raise, desk: Desk, amelia: User
) -> None:
    now = timezone.now()
    raised = {"new": 0, "old-small": 60, "old-large": 60, "older": 90, "dismissed": 120, "confirmed": 120}
    for order_id, minutes in raised.items():
        alert = raise_alert(order_id, 30_000_000 if order_id == "old-large" else 20_000_000)
        FraudAlert.objects.filter(pk=alert.pk).update(raised_at=now - timedelta(minutes=minutes))
    services.take(alert=FraudAlert.objects.get(order_id="new"), by=amelia)
    for status in (AlertStatus.CONFIRMED, AlertStatus.DISMISSED):
        closed = FraudAlert.objects.get(order_id=status.lower())
        services.change_alert(alert=closed, by=amelia, status=status, note="seen")
    assert listed(desk(amelia).get(QUEUE)) == ["older", "old-large", "old-small", "new"]


def test_the_queue_is_filtered_and_searched(raise_alert: Raise, desk: Desk, amelia: User, bela: User) -> None:
    raise_alert("open", 20_000_000, user_id=7)
    services.take(alert=raise_alert("mine", 30_000_000, user_id=8), by=amelia)
    services.take(alert=raise_alert("hers", 40_000_000, user_id=77), by=bela)
    client = desk(amelia)
    for query, expected in {
        "progress=INVESTIGATING": ["mine", "hers"],
        "progress=ALL": ["open", "mine", "hers"],
        "progress=CONFIRMED": [],
        "investigator=me": ["mine"],
        "investigator=nobody": ["open"],
        "amount_from=30000000": ["mine", "hers"],
        "amount_from=30000000&amount_to=35000000": ["mine"],
        "q=hers": ["hers"],
        "q=her": [],
        "q=7": ["open"],
        "q=99999999999999999999": [],
    }.items():
        assert listed(client.get(f"{QUEUE}?{query}")) == expected, query


def test_the_pages_count_what_the_states_have(raise_alert: Raise, desk: Desk, amelia: User) -> None:
    for number in range(4):
        raise_alert(f"order-{number}", user_id=number)
    services.take(alert=FraudAlert.objects.get(order_id="order-1"), by=amelia)
    closed = FraudAlert.objects.get(order_id="order-2")
    services.change_alert(alert=closed, by=amelia, status=AlertStatus.DISMISSED, note="seen")
    queries = {"": 3, "progress=ALL": 4, "progress=OPEN": 2, "progress=DISMISSED": 1, "q=3": 1, "investigator=me": 1}
    for query, count in queries.items():
        assert desk(amelia).get(f"{QUEUE}?{query}").context["cl"].paginator.count == count, query
    assert desk(amelia).get(f"{QUEUE}?progress=NONE").status_code == 200


def test_amounts_are_readable(raise_alert: Raise, desk: Desk, amelia: User) -> None:
    alert = raise_alert(amount=12_345_678.9)
    assert "12,345,678.90" in desk(amelia).get(QUEUE).content.decode()
    assert "12,345,678.90" in desk(amelia).get(page_of(alert)).content.decode()


def test_an_investigator_sees_alerts_and_nothing_else(desk: Desk, amelia: User, alert: FraudAlert) -> None:
    client = desk(amelia)
    index = client.get("/admin/")
    assert [model["object_name"] for app in index.context["app_list"] for model in app["models"]] == ["FraudAlert"]
    for path in (
        "auth/user/",
        "auth/group/",
        "knox/authtoken/",
        "transactions/transaction/",
        "django_celery_beat/periodictask/",
        "fraud/fraudalert/add/",
        f"fraud/fraudalert/{alert.pk}/delete/",
    ):
        assert client.get(f"/admin/{path}").status_code == 403, path


@pytest.mark.django_db
def test_who_is_no_investigator_sees_no_alerts(desk: Desk, alert: FraudAlert) -> None:
    client = desk(User.objects.create_user("shop-clerk", is_staff=True))
    assert client.get(QUEUE).status_code == 403
    assert client.get(page_of(alert)).status_code == 403
    assert press(client, alert, "take").status_code == 403
    assert alert.history.count() == 1


@pytest.mark.django_db
def test_who_may_only_look_finds_no_buttons(desk: Desk, alert: FraudAlert) -> None:
    auditor = User.objects.create_user("auditor", is_staff=True)
    auditor.user_permissions.add(Permission.objects.get(codename="view_fraudalert"))
    client = desk(auditor)
    assert buttons(client.get(page_of(alert))) == []
    assert press(client, alert, "take").status_code == 403
    assert alert.history.count() == 1


def test_the_page_shows_the_transaction_and_what_else_the_user_did(
    raise_alert: Raise, desk: Desk, amelia: User, make_order: Callable[..., Any]
) -> None:
    alert, other, strangers = raise_alert("order-1"), raise_alert("order-2"), raise_alert("order-3", user_id=8)
    for order_id, user_id in (("order-1", 7), ("order-0", 7), ("order-3", 8)):
        facts: dict[str, Any] = {
            "amount": 20_000_000,
            "status": "SUCCESS",
            "kind": "ORDER",
            "timestamp": timezone.now(),
        }
        Transaction.objects.create(order_id=order_id, user_id=user_id, **facts)
    shown = desk(amelia).get(page_of(alert)).context
    assert shown["transaction"].order_id == "order-1"
    assert [row.order_id for row in shown["recent"]] == ["order-0", "order-1"]
    assert list(shown["others"]) == [other]
    assert strangers not in shown["others"]


def test_the_page_of_an_alert_overtaking_its_transaction_says_so(alert: FraudAlert, desk: Desk, amelia: User) -> None:
    assert "Not recorded yet" in desk(amelia).get(page_of(alert)).content.decode()


def test_looking_at_an_alert_changes_nothing(alert: FraudAlert, desk: Desk, amelia: User) -> None:
    before = alert.updated_at
    desk(amelia).get(page_of(alert))
    alert.refresh_from_db()
    assert alert.updated_at == before


def test_an_alert_that_is_not_there_is_not_found(desk: Desk, amelia: User) -> None:
    assert desk(amelia).get(f"{QUEUE}99/change/").status_code == 404


def test_an_investigation_from_the_first_look_to_the_verdict(alert: FraudAlert, desk: Desk, amelia: User) -> None:
    client = desk(amelia)
    assert buttons(client.get(page_of(alert))) == ["take", "confirm", "dismiss", "note"]
    press(client, alert, "take")
    assert buttons(client.get(page_of(alert))) == ["confirm", "dismiss", "hand-back", "note"]
    press(client, alert, "note", "the customer does not answer")
    press(client, alert, "confirm", "a stolen card")
    assert buttons(client.get(page_of(alert))) == ["reopen", "note"]
    press(client, alert, "reopen", "the customer called back")
    press(client, alert, "dismiss", "the customer's own")

    assert [(entry.by, entry.status, entry.note) for entry in alert.history.all()] == [
        (None, AlertStatus.OPEN, ""),
        (amelia, AlertStatus.INVESTIGATING, ""),
        (amelia, AlertStatus.INVESTIGATING, "the customer does not answer"),
        (amelia, AlertStatus.CONFIRMED, "a stolen card"),
        (amelia, AlertStatus.INVESTIGATING, "the customer called back"),
        (amelia, AlertStatus.DISMISSED, "the customer's own"),
    ]
    assert OutboxMessage.objects.count() == 6
    shown = client.get(page_of(alert)).content.decode()
    assert "the customer does not answer" in shown
    assert shown.index("a stolen card") < shown.index("the customer called back")


def test_notes_are_text_whatever_they_hold(alert: FraudAlert, desk: Desk, amelia: User) -> None:
    press(desk(amelia), alert, "note", "<script>alert(1)</script>")
    assert "<script>alert(1)" not in desk(amelia).get(page_of(alert)).content.decode()


def test_the_loser_of_a_race_is_told_who_won(alert: FraudAlert, desk: Desk, amelia: User, bela: User) -> None:
    seen_by_both = alert.version
    press(desk(amelia), alert, "take", seen=seen_by_both)
    answer = press(desk(bela), alert, "take", seen=seen_by_both)
    assert "amelia has this alert" in told(answer)
    assert buttons(answer) == ["take-over", "note"]
    alert.refresh_from_db()
    assert (alert.assignee, alert.history.count()) == (amelia, 2)


def test_a_verdict_on_an_outdated_page_is_refused_and_the_note_kept(
    alert: FraudAlert, desk: Desk, amelia: User, bela: User
) -> None:
    seen = alert.version
    press(desk(bela), alert, "note", "the third order today")
    answer = press(desk(amelia), alert, "dismiss", "harmless", seen=seen)
    assert "order-1 changed after you read it" in told(answer)
    assert "harmless" in answer.content.decode()
    assert alert.history.count() == 2
    again = answer.context["form"].initial
    press(desk(amelia), alert, "dismiss", again["note"], seen=again["seen"])
    alert.refresh_from_db()
    assert alert.status == AlertStatus.DISMISSED


def test_an_alert_of_another_is_taken_over_with_a_note(alert: FraudAlert, desk: Desk, amelia: User, bela: User) -> None:
    press(desk(amelia), alert, "take")
    press(desk(bela), alert, "confirm", "surely fraud")
    press(desk(bela), alert, "take-over")
    alert.refresh_from_db()
    assert (alert.status, alert.assignee) == (AlertStatus.INVESTIGATING, amelia)
    press(desk(bela), alert, "take-over", "amelia is on leave")
    alert.refresh_from_db()
    assert alert.assignee == bela


def test_a_verdict_without_a_note_is_asked_for_one(alert: FraudAlert, desk: Desk, amelia: User) -> None:
    answer = press(desk(amelia), alert, "confirm")
    assert "Write a note, then press “Confirm fraud” again." in told(answer)
    assert alert.history.count() == 1


def test_many_are_taken_at_once_and_those_of_others_left(
    raise_alert: Raise, desk: Desk, amelia: User, bela: User
) -> None:
    alerts = [raise_alert(f"order-{number}") for number in range(3)]
    services.take(alert=alerts[1], by=bela)
    selected = {"action": "take_selected", "_selected_action": [alert.pk for alert in alerts]}
    answer = desk(amelia).post(QUEUE, selected)
    assert "order-1: bela has this alert" in told(answer)
    assert "You have 2 of the selected alerts." in told(answer)
    assert list(FraudAlert.objects.order_by("pk").values_list("assignee__username", flat=True)) == [
        "amelia",
        "bela",
        "amelia",
    ]
    assert all(alert.history.count() == 2 for alert in alerts)


def test_alerts_cannot_be_deleted_from_the_list(alert: FraudAlert, desk: Desk, admin_user: User) -> None:
    desk(admin_user).post(QUEUE, {"action": "delete_selected", "_selected_action": [alert.pk], "post": "yes"})
    assert FraudAlert.objects.filter(pk=alert.pk).exists()


def test_the_queue_asks_as_little_of_the_database_for_many_as_for_few(
    raise_alert: Raise, desk: Desk, amelia: User, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        services.take(alert=raise_alert(f"order-{number}"), by=amelia)
    client = desk(amelia)
    with django_assert_max_num_queries(12):
        client.get(QUEUE)
