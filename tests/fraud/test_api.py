from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.roles import Role
from events import AlertStatus
from fraud import services
from fraud.models import FraudAlert

ALERTS = "/fraud/alerts"

Raise = Callable[..., FraudAlert]
Api = Callable[[User], APIClient]


def address(alert: FraudAlert) -> str:
    return f"{ALERTS}/{alert.pk}"


def order_ids(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [alert["order_id"] for alert in answer.json()["results"]]


def pointers(answer: Any) -> list[str]:
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    return [error["pointer"] for error in answer.json()["errors"]]


def test_an_alert_is_shown_with_its_facts(raise_alert: Raise, api: Api, amelia: User) -> None:
    raise_alert("order-1", 10_000_000.01, user_id=7)
    [shown] = api(amelia).get(ALERTS).json()["results"]
    assert {
        name: shown[name] for name in ("order_id", "user_id", "amount", "rule", "status", "assignee", "timestamp")
    } == {
        "order_id": "order-1",
        "user_id": 7,
        "amount": "10000000.01",
        "rule": "amount-above-limit",
        "status": "OPEN",
        "assignee": None,
        "timestamp": "2026-03-01T12:00:00Z",
    }


def test_alerts_come_newest_first_in_pages(raise_alert: Raise, api: Api, amelia: User) -> None:
    for number in range(5):
        raise_alert(f"order-{number}")
    first = api(amelia).get(f"{ALERTS}?limit=3")
    assert order_ids(first) == ["order-4", "order-3", "order-2"]
    assert order_ids(api(amelia).get(first.json()["next"])) == ["order-1", "order-0"]


def test_alerts_are_filtered(raise_alert: Raise, api: Api, amelia: User, bela: User) -> None:
    raise_alert("open", 20_000_000, user_id=7)
    services.take(alert=raise_alert("mine", 30_000_000, user_id=8), by=amelia)
    services.take(alert=raise_alert("hers", 40_000_000, user_id=9), by=bela)
    FraudAlert.objects.filter(order_id="open").update(raised_at=timezone.now() - timedelta(days=2))
    yesterday = (timezone.now() - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    client = api(amelia)
    for query, expected in {
        "status=OPEN": ["open"],
        "assignee=me": ["mine"],
        "assignee=bela": ["hers"],
        "assignee=nobody": ["open"],
        "user_id=8": ["mine"],
        "amount_min=30000000.00": ["hers", "mine"],
        "amount_max=30000000": ["mine", "open"],
        "amount_min=20000000.01&amount_max=30000000": ["mine"],
        "amount_max=30000000&status=OPEN": ["open"],
        "amount_max=-1": [],
        "rule=amount-above-limit": ["hers", "mine", "open"],
        "rule=another": [],
        f"from={yesterday}": ["hers", "mine"],
        f"to={yesterday}": ["open"],
        "status=INVESTIGATING&assignee=me": ["mine"],
    }.items():
        assert order_ids(client.get(f"{ALERTS}?{query}")) == expected, query


@pytest.mark.parametrize(
    "query",
    [
        "status=open", "assignee=nobody-here", "user_id=x", "amount_min=much", "amount_max=much",
        "amount_min=2&amount_max=1", "from=today", "colour=red",
    ],
)  # fmt: skip
def test_a_bad_filter_is_named(api: Api, amelia: User, query: str) -> None:
    answer = api(amelia).get(f"{ALERTS}?{query}")
    assert answer.status_code == 400
    assert [error["parameter"] for error in answer.json()["errors"]] == [query.partition("=")[0]]


def test_an_investigation_with_its_history(alert: FraudAlert, api: Api, amelia: User) -> None:
    client = api(amelia)
    taken = client.patch(address(alert), {"status": "INVESTIGATING", "assignee": "me"}).json()
    assert (taken["status"], taken["assignee"]) == ("INVESTIGATING", "amelia")
    client.patch(address(alert), {"status": "CONFIRMED", "note": "a stolen card"})
    history = client.get(address(alert)).json()["history"]
    assert [(line["by"], line["previous_status"], line["status"], line["note"]) for line in history] == [
        (None, "", "OPEN", ""),
        ("amelia", "OPEN", "INVESTIGATING", ""),
        ("amelia", "INVESTIGATING", "CONFIRMED", "a stolen card"),
    ]
    assert [line["assignee"] for line in history] == [None, "amelia", "amelia"]


@pytest.mark.parametrize(
    "change",
    [{"status": "INVESTIGATING", "assignee": "me"}, {"status": "INVESTIGATING"}, {"assignee": "me"}],
)
def test_the_second_to_take_an_alert_gets_a_conflict(
    alert: FraudAlert, api: Api, amelia: User, bela: User, change: dict[str, str]
) -> None:
    services.take(alert=alert, by=amelia)
    answer = api(bela).patch(address(alert), change)
    assert (answer.status_code, answer["Content-Type"]) == (409, "application/problem+json")
    assert "amelia has this alert" in answer.json()["detail"]
    alert.refresh_from_db()
    assert alert.assignee == amelia


def test_taking_over_is_explicit(alert: FraudAlert, api: Api, amelia: User, bela: User) -> None:
    services.take(alert=alert, by=amelia)
    answer = api(bela).patch(address(alert), {"assignee": "me", "note": "amelia is on leave"})
    assert (answer.status_code, answer.json()["assignee"]) == (200, "bela")


def test_an_alert_is_handed_over_and_back(alert: FraudAlert, api: Api, amelia: User, bela: User) -> None:
    services.take(alert=alert, by=amelia)
    assert api(amelia).patch(address(alert), {"assignee": "bela"}).json()["assignee"] == "bela"
    assert api(bela).patch(address(alert), {"assignee": None}).json()["assignee"] is None


@pytest.mark.parametrize(
    ("status", "note"),
    [(AlertStatus.DISMISSED, "harmless"), (AlertStatus.OPEN, "back"), (AlertStatus.INVESTIGATING, "")],
)
def test_a_move_that_is_not_allowed_is_a_conflict(
    alert: FraudAlert, api: Api, amelia: User, status: AlertStatus, note: str
) -> None:
    services.change_alert(alert=alert, by=amelia, status=AlertStatus.CONFIRMED, note="a stolen card")
    answer = api(amelia).patch(address(alert), {"status": status, "note": note})
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems#conflict")
    assert alert.history.count() == 2


def test_a_change_of_an_outdated_version_is_a_conflict(alert: FraudAlert, api: Api, amelia: User, bela: User) -> None:
    seen = api(amelia).get(address(alert)).json()["version"]
    services.change_alert(alert=alert, by=bela, note="the third order today")
    change = {"status": "DISMISSED", "note": "harmless", "version": seen}
    assert api(amelia).patch(address(alert), change).status_code == 409
    now = api(amelia).get(address(alert)).json()["version"]
    assert api(amelia).patch(address(alert), change | {"version": now}).status_code == 200


def test_alerts_are_assigned_to_active_investigators_only(
    alert: FraudAlert, api: Api, amelia: User, bela: User
) -> None:
    bela.is_active = False
    bela.save()
    User.objects.create_user("shop-clerk")
    for name in ("bela", "shop-clerk", "nobody-here"):
        assert pointers(api(amelia).patch(address(alert), {"assignee": name})) == ["#/assignee"]


def test_bad_fields_are_named(alert: FraudAlert, api: Api, amelia: User) -> None:
    User.objects.create_user("shop-clerk")
    client = api(amelia)
    assert pointers(client.patch(address(alert), {"status": "DONE", "assignee": "shop-clerk", "note": 7})) == [
        "#/status",
        "#/assignee",
        "#/note",
    ]
    assert pointers(client.patch(address(alert), {"colour": "red", "note": "x"})) == ["#/colour"]
    assert pointers(client.patch(address(alert), {"note": "x" * 10_001})) == ["#/note"]
    assert pointers(client.patch(address(alert), {})) == ["#"]
    assert pointers(client.patch(address(alert), {"version": alert.version})) == ["#"]
    assert alert.history.count() == 1


@pytest.mark.parametrize("pk", [99, 10**30])
def test_an_alert_that_is_not_there_is_not_found(api: Api, amelia: User, pk: int) -> None:
    assert api(amelia).get(f"{ALERTS}/{pk}").status_code == 404


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.INVESTIGATOR}))
def test_alerts_are_for_investigators(alert: FraudAlert, client_as: Callable[[Role], APIClient], role: Role) -> None:
    client = client_as(role)
    assert client.get(ALERTS).status_code == 403
    assert client.get(address(alert)).status_code == 403
    assert client.patch(address(alert), {"note": "me too"}).status_code == 403
    assert alert.history.count() == 1


def test_nobody_logged_in_gets_no_alerts(alert: FraudAlert) -> None:
    assert APIClient().get(address(alert)).status_code == 401


def test_a_note_that_is_sent_again_under_its_key_stands_there_once(raise_alert: Raise, api: Api, amelia: User) -> None:
    alert, change = raise_alert("order-1"), {"note": "Called the shop.", "assignee": "me"}
    first, again = (api(amelia).patch(address(alert), change, headers={"Idempotency-Key": "n"}) for _ in range(2))
    assert (first.status_code, again.status_code, again["Idempotency-Replayed"]) == (200, 200, "true")
    assert first.content == again.content
    assert [entry["note"] for entry in api(amelia).get(address(alert)).json()["history"]] == ["", "Called the shop."]
    other = api(amelia).patch(address(alert), change | {"note": "Called again."}, headers={"Idempotency-Key": "n"})
    assert other.status_code == 422


def test_a_change_that_was_refused_leaves_its_key_free(raise_alert: Raise, api: Api, amelia: User) -> None:
    alert = raise_alert("order-1")
    assert (
        api(amelia).patch(address(alert), {"status": "CONFIRMED"}, headers={"Idempotency-Key": "n"}).status_code == 409
    )
    confirmed = {"status": "CONFIRMED", "note": "Stolen."}
    assert api(amelia).patch(address(alert), confirmed, headers={"Idempotency-Key": "n"}).status_code == 200
