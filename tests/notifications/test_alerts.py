from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.roles import Role
from monitoring.checks import checks_of_this_place
from monitoring.health import Down
from monitoring.stored_checks import alerting
from notifications.metrics import heartbeat
from notifications.models import Heartbeat, Notification
from notifications.services import note_heartbeat, notify_of_silence, send_waiting_emails
from tests.conftest import AccountOf

pytestmark = pytest.mark.django_db

TOKEN = "a-token-of-alertmanager"
# As Alertmanager 0.25 sent it.
DELIVERY: dict[str, Any] = {
    "receiver": "operators",
    "status": "firing",
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "OfflinePartitions", "severity": "critical"},
            "annotations": {
                "description": "1 partitions can be neither written nor read.",
                "runbook_url": "docs/runbooks/offline-partitions.md",
                "summary": "Partitions have no leader",
            },
            "startsAt": "2026-11-22T18:20:05.123456789Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://host:19090/graph?g0.expr=max&g0.tab=1",
            "fingerprint": "66b5f4f5a3c1c9b5",
        }
    ],
    "groupLabels": {"alertname": "OfflinePartitions"},
    "commonLabels": {"alertname": "OfflinePartitions", "severity": "critical"},
    "commonAnnotations": {},
    "externalURL": "http://host:19393",
    "version": "4",
    "groupKey": '{}:{alertname="OfflinePartitions"}',
    "truncatedAlerts": 0,
}


@pytest.fixture
def alertmanager(settings: Any) -> APIClient:
    settings.ALERTMANAGER_TOKEN = TOKEN
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {TOKEN}")
    return client


def delivery(**changes: Any) -> dict[str, Any]:
    """A delivery with one alert, some of whose fields are other ones; None leaves one out."""
    told = deepcopy(DELIVERY)
    told["alerts"][0] = {k: v for k, v in (told["alerts"][0] | changes).items() if v is not None}
    return told


def told() -> list[tuple[str, str]]:
    return list(Notification.objects.order_by("pk").values_list("kind", "text"))


# --- Telling operators ------------------------------------------------------------------------------------------------
def test_every_operator_is_told_what_fires_and_what_to_do_and_that_it_is_over(
    alertmanager: APIClient, account: AccountOf
) -> None:
    operators = [account(Role.OPERATOR), account(Role.OPERATOR)]
    account(Role.INVESTIGATOR)
    assert alertmanager.post("/notifications/alertmanager", delivery()).status_code == 204
    assert alertmanager.post("/notifications/alertmanager", delivery(status="resolved")).status_code == 204
    for operator in operators:
        client = APIClient()
        client.force_authenticate(operator)
        assert [(each["kind"], each["text"]) for each in client.get("/notifications").json()["results"]] == [
            ("ALERT_RESOLVED", "Over: Partitions have no leader."),
            (
                "ALERT_FIRING",
                "Critical: Partitions have no leader. 1 partitions can be neither written nor read. "
                "What to do: docs/runbooks/offline-partitions.md",
            ),
        ]
    assert Notification.objects.count() == 4


def test_the_same_state_delivered_twice_tells_once_and_firing_anew_tells_again(
    alertmanager: APIClient, account: AccountOf
) -> None:
    account(Role.OPERATOR)
    other_figures = {"summary": "Partitions have no leader", "description": "2 partitions …"}
    for again in (delivery(), delivery(), delivery(annotations=other_figures), delivery(status="resolved")):
        alertmanager.post("/notifications/alertmanager", again)
    assert [kind for kind, _ in told()] == ["ALERT_FIRING", "ALERT_RESOLVED"]
    alertmanager.post("/notifications/alertmanager", delivery(startsAt="2026-11-22T19:00:00Z"))
    alertmanager.post("/notifications/alertmanager", delivery(fingerprint="0" * 16))
    assert [kind for kind, _ in told()] == ["ALERT_FIRING", "ALERT_RESOLVED", "ALERT_FIRING", "ALERT_FIRING"]


def test_operators_are_told_by_email_too(alertmanager: APIClient, account: AccountOf) -> None:
    operator = account(Role.OPERATOR)
    operator.email = "operator@shop.example"
    operator.save()
    alertmanager.post("/notifications/alertmanager", delivery())
    assert send_waiting_emails() == 1
    assert [(each.to, each.subject) for each in mail.outbox] == [(["operator@shop.example"], "An alert fires")]


def test_an_alert_that_says_much_is_shortened_and_one_that_says_little_told(
    alertmanager: APIClient, account: AccountOf
) -> None:
    account(Role.OPERATOR)
    alertmanager.post("/notifications/alertmanager", delivery(annotations={"summary": "x" * 5000}))
    alertmanager.post(
        "/notifications/alertmanager",
        delivery(annotations=None, labels={"alertname": "Bare"}, fingerprint="1" * 16),
    )
    (_, long), (_, short) = told()
    assert (len(long), long[-1]) == (1000, "…")
    assert short == "Alert: Bare."


@pytest.mark.parametrize(
    "wrong",
    [
        {"alerts": []},
        {"alerts": "none"},
        {"version": "3", "alerts": DELIVERY["alerts"]},
        delivery(fingerprint="../../etc"),
        delivery(status="burning"),
        delivery(startsAt="yesterday"),
        delivery(startsAt=None),
        delivery(labels=["severity"]),
        [],
    ],
)
@pytest.mark.parametrize("path", ["/notifications/alertmanager", "/notifications/heartbeat"])
def test_what_is_no_delivery_is_a_problem_and_tells_nothing(
    alertmanager: APIClient, account: AccountOf, wrong: Any, path: str
) -> None:
    account(Role.OPERATOR)
    answer = alertmanager.post(path, wrong)
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert answer.json()["errors"]
    assert told() == []
    assert not Heartbeat.objects.exists()


# --- Who may ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", ["/notifications/alertmanager", "/notifications/heartbeat"])
@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer \xff"}])
def test_nobody_else_gets_in(alertmanager: APIClient, path: str, header: dict[str, str]) -> None:
    answer = APIClient().post(path, delivery(), headers=header)
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
    assert not Notification.objects.exists()


def test_a_superuser_does_not_pass_for_alertmanager(alertmanager: APIClient, admin_client: Any) -> None:
    answer = admin_client.post("/notifications/alertmanager", delivery(), content_type="application/json")
    assert answer.status_code == 401


def test_without_a_token_of_ours_nobody_gets_in_with_an_empty_one(settings: Any) -> None:
    settings.ALERTMANAGER_TOKEN = ""
    for header in ("Bearer ", "Bearer", "Bearer x"):
        answer = APIClient().post("/notifications/alertmanager", delivery(), headers={"Authorization": header})
        assert answer.status_code == 401


@pytest.mark.parametrize("path", ["/notifications", "/transactions", "/monitoring/kafka", "/fraud/alerts"])
def test_the_token_opens_nothing_else(alertmanager: APIClient, path: str) -> None:
    assert alertmanager.get(path).status_code == 401


# --- The dead-man switch ----------------------------------------------------------------------------------------------
def test_the_watchdogs_arrival_is_noted_and_shown(alertmanager: APIClient) -> None:
    watchdog = delivery(labels={"alertname": "Watchdog", "severity": "none"})
    with pytest.raises(Down, match="Nothing has ever come from Alertmanager"):
        alerting()
    assert alertmanager.post("/notifications/heartbeat", watchdog).status_code == 204
    alerting()
    (family,) = heartbeat()
    assert abs(family.samples[0].value - timezone.now().timestamp()) < 60
    assert [check.name for check in checks_of_this_place()].count("alerting") == 1


def test_another_alert_is_no_heartbeat(alertmanager: APIClient) -> None:
    alertmanager.post("/notifications/heartbeat", delivery())
    assert not Heartbeat.objects.exists()


def test_silence_is_told_to_operators_once_until_it_has_ended(account: AccountOf) -> None:
    account(Role.OPERATOR)
    assert not notify_of_silence()  # who never alerted is not silent
    note_heartbeat()
    assert not notify_of_silence()
    for _ in range(2):
        long_ago()
        assert notify_of_silence()
        assert notify_of_silence()
        with pytest.raises(Down, match=r"since .* UTC"):
            alerting()
        note_heartbeat()
        assert not notify_of_silence()
    assert [kind for kind, _ in told()] == ["ALERTS_SILENT", "ALERTS_SILENT"]
    assert "docs/runbooks/watchdog.md" in told()[0][1]


def long_ago() -> None:
    Heartbeat.objects.update(at=timezone.now() - timedelta(minutes=4))


def test_no_part_of_health_is_about_alerts_where_nobody_alerts(settings: Any) -> None:
    settings.ALERTMANAGER_TOKEN = ""
    assert "alerting" not in [check.name for check in checks_of_this_place()]


def test_runbooks_that_sentences_name_are_there() -> None:
    assert Path("docs/runbooks/watchdog.md").exists()
