"""What monitoring answers while Kafka is up, down or unknown, and to whom. On a real broker: test_kafka.py."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError
from django.test import Client

from accounts.roles import Role
from analytics.services import add_to_hourly_totals
from analytics.windows import Sums
from fraud.models import FraudAlert
from monitoring import live
from monitoring.exporter import Exporter
from monitoring.management.commands.run_monitor import observe
from monitoring.models import StoredSnapshot
from monitoring.observation import Outage
from monitoring.observer import Observer
from monitoring.services import store_snapshot
from streaming import clients
from tests.conftest import AccountOf, ClientAs
from tests.monitoring.snapshots import observation
from transactions.models import Transaction

NOW = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)

pytestmark = pytest.mark.django_db
seen_by_all_threads = pytest.mark.django_db(transaction=True)
"""Every part is asked in a thread of its own, which sees nothing of an open transaction."""


def record_one_of_each() -> None:
    Transaction.objects.create(
        order_id="A-1", user_id=7, amount="1234567.10", status="SUCCESS", timestamp=NOW, kind="ORDER"
    )
    FraudAlert.objects.create(order_id="A-2", user_id=7, amount="20000000.00", timestamp=NOW, rule="amount-limit")
    add_to_hourly_totals(totals={(7, NOW.replace(minute=0)): Sums(123, 1)})


def health_of_kafka(client: Client) -> dict[str, Any]:
    live.forget()
    return next(part for part in client.get("/health").json()["parts"] if part["name"] == "kafka")


@seen_by_all_threads
def test_health_tells_of_kafka_what_run_monitor_saw(client: Client) -> None:
    store_snapshot(observed=observation(datetime.now(UTC)), seconds=0.042)
    kafka = health_of_kafka(client)
    assert (kafka["status"], kafka["needed"], kafka["latency_ms"], kafka["why"]) == ("up", False, 42, "")


@seen_by_all_threads
@pytest.mark.usefixtures("kafka_is_down")
def test_health_says_in_a_sentence_since_when_kafka_is_down(client: Client) -> None:
    observe(Exporter(Observer()))
    answer = client.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    parts = {part["name"]: part for part in answer.json()["parts"]}
    assert parts["kafka"]["status"] == "down"
    assert re.search(r"^No Kafka broker answers\. .* It has been so since \d\d:\d\d:\d\d UTC\.$", parts["kafka"]["why"])
    up = {name for name, part in parts.items() if part["status"] == "up"}
    assert up == {"database", "search", "celery broker", "mail", "records"}


@seen_by_all_threads
@pytest.mark.usefixtures("kafka_is_down")
def test_health_names_no_hosts_and_no_accounts(client: Client, settings: Any) -> None:
    settings.KAFKA |= {"sasl.username": "kafka-account", "sasl.password": "kafka-secret"}
    observe(Exporter(Observer()))
    body = client.get("/health").content.decode()
    assert not [word for word in ("127.0.0.1", "kafka-account", "kafka-secret", "sqlite") if word in body]


@seen_by_all_threads
def test_run_monitor_says_which_setting_is_missing(client: Client, settings: Any) -> None:
    settings.KAFKA = {}
    clients.admin.cache_clear()
    observe(Exporter(Observer()))
    assert "KAFKA_BOOTSTRAP_SERVERS is not set" in health_of_kafka(client)["why"]


@seen_by_all_threads
def test_while_nobody_looks_kafka_is_unknown(client: Client, client_as: ClientAs) -> None:
    kafka = health_of_kafka(client)
    assert (kafka["status"], kafka["needed"]) == ("unknown", False)
    assert "Start `manage.py run_monitor`" in kafka["why"]
    operator = client_as(Role.OPERATOR)
    assert operator.get("/monitoring/kafka").json()["detail"] == kafka["why"]
    store_snapshot(observed=observation(datetime.now(UTC) - timedelta(seconds=31)), seconds=0.1)
    kafka = health_of_kafka(client)
    assert kafka["status"] == "unknown"
    assert "last looked at 31 seconds ago. See whether `manage.py run_monitor` runs" in kafka["why"]
    assert operator.get("/monitoring/kafka").status_code == 503


@seen_by_all_threads
@pytest.mark.usefixtures("kafka_is_down")
def test_orders_are_taken_without_kafka_and_without_an_account_for_it(
    client: Client, client_as: ClientAs, settings: Any
) -> None:
    settings.KAFKA = {}
    clients.admin.cache_clear()
    order = {"user_id": 7, "amount": "12.50"}
    assert client_as(Role.SHOP).post("/transactions", order).status_code == 201
    assert client_as(Role.OPERATOR).get("/live/state").status_code == 200
    ready = client.get("/health/ready")
    assert (ready.status_code, [part["name"] for part in ready.json()["parts"]]) == (200, ["database"])
    assert client.get("/health/live").json() == {"status": "up"}


def test_the_kafka_status_is_a_problem_while_kafka_is_down(client_as: ClientAs) -> None:
    began = datetime.now(UTC) - timedelta(seconds=20)
    for seconds in (0, 10, 20):
        store_snapshot(observed=Outage(began + timedelta(seconds=seconds), "No Kafka broker answers."), seconds=1.5)
    answer = client_as(Role.OPERATOR).get("/monitoring/kafka")
    assert answer.status_code == 503
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"] == f"No Kafka broker answers. It has been so since {began:%H:%M:%S} UTC."


def test_the_kafka_status_is_there_again_when_kafka_is(client_as: ClientAs) -> None:
    client = client_as(Role.OPERATOR)
    now = datetime.now(UTC)
    store_snapshot(observed=observation(now - timedelta(seconds=9)), seconds=0.1)
    store_snapshot(observed=Outage(now - timedelta(seconds=6), "No Kafka broker answers."), seconds=0.1)
    assert client.get("/monitoring/kafka").status_code == 503
    store_snapshot(observed=observation(now - timedelta(seconds=3)), seconds=0.1)
    answer = client.get("/monitoring/kafka").json()
    assert answer["age_seconds"] >= 3
    # The next outage has a beginning of its own.
    store_snapshot(observed=Outage(now, "No Kafka broker answers."), seconds=0.1)
    assert f"since {now:%H:%M:%S} UTC" in client.get("/monitoring/kafka").json()["detail"]


def test_the_kafka_status_has_the_form_that_the_schema_promises(client: Client, client_as: ClientAs) -> None:
    store_snapshot(observed=observation(datetime.now(UTC)), seconds=0.1)
    answer = client_as(Role.OPERATOR).get("/monitoring/kafka").json()
    schemas = client.get("/schema", headers={"Accept": "application/json"}).json()["components"]["schemas"]
    assert set(answer) == set(schemas["Kafka"]["properties"])
    [group] = answer["groups"]
    assert set(group) == set(schemas["Group"]["properties"])
    assert set(group["partitions"][0]) == set(schemas["PartitionLag"]["properties"])
    assert (group["lag"], group["lag_seconds"], group["verdict"]) == (4, 1.5, "OK")


def test_there_is_one_latest_snapshot() -> None:
    for _ in range(2):
        store_snapshot(observed=observation(datetime.now(UTC)), seconds=0.1)
    assert StoredSnapshot.objects.count() == 1
    with pytest.raises(IntegrityError):
        StoredSnapshot.objects.create(id=2, at=datetime.now(UTC), seconds=1, why="")


@pytest.mark.parametrize("role", [Role.SHOP, Role.INVESTIGATOR, Role.ANALYST, Role.CUSTOMER])
def test_the_kafka_status_is_for_operators(client_as: ClientAs, role: Role) -> None:
    assert client_as(role).get("/monitoring/kafka").status_code == 403


def test_the_kafka_status_asks_who_is_there(client: Client) -> None:
    assert client.get("/monitoring/kafka").status_code == 401


def test_the_live_state_shows_the_database_while_kafka_is_down(client_as: ClientAs) -> None:
    store_snapshot(observed=Outage(datetime.now(UTC), "No Kafka broker answers."), seconds=1.5)
    record_one_of_each()
    state = client_as(Role.INVESTIGATOR).get("/live/state").json()
    assert state["kafka"]["why"].startswith("No Kafka broker answers.")
    [transaction] = state["panels"]["transactions"]["rows"]
    assert (transaction["order_id"], transaction["amount"]) == ("A-1", "1234567.10")
    assert [row["order_id"] for row in state["panels"]["alerts"]["rows"]] == ["A-2"]
    assert [row["total_amount"] for row in state["panels"]["hours"]["rows"]] == ["1.23"]


def test_alerts_are_not_told_to_those_who_may_not_see_them(client_as: ClientAs) -> None:
    record_one_of_each()
    client = client_as(Role.SHOP)
    panels = client.get("/live/state").json()["panels"]
    assert panels["alerts"] == {"hidden_for": ["investigator", "operator"]}
    assert [row["order_id"] for row in panels["transactions"]["rows"]] == ["A-1"]


def test_the_live_state_is_for_staff(client: Client, client_as: ClientAs) -> None:
    assert client.get("/live/state").status_code == 401
    assert client_as(Role.CUSTOMER, 7).get("/live/state").status_code == 403


@pytest.mark.parametrize("since", ["yesterday", "-1", "1e3", "99999999999999", "٣"])
def test_a_moment_that_is_none_is_refused(client_as: ClientAs, since: str) -> None:
    answer = client_as(Role.SHOP).get("/live/state", {"since": since})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["parameter"] == "since"


def test_the_page_sends_strangers_to_the_login(client: Client) -> None:
    assert client.get("/")["Location"] == "/login?next=/"


def test_the_page_tells_customers_kindly_that_it_is_not_for_them(client: Client, account: AccountOf) -> None:
    client.force_login(account(Role.CUSTOMER, 7))
    answer = client.get("/")
    assert answer.status_code == 403
    assert "for the shop" in answer.content.decode()


def test_the_page_runs_no_script_or_style_but_its_own_files(client: Client, account: AccountOf) -> None:
    client.force_login(account(Role.ANALYST))
    answer = client.get("/")
    policy = dict(each.strip().split(" ", 1) for each in answer["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"


@pytest.mark.parametrize(
    ("role", "links"),
    [
        (Role.OPERATOR, {"/docs", "/monitoring/kafka"}),
        (Role.INVESTIGATOR, {"/docs", "/admin/"}),
        (Role.SHOP, {"/docs"}),
    ],
)
def test_links_are_shown_to_those_who_may_follow_them(
    client: Client, account: AccountOf, role: Role, links: set[str]
) -> None:
    client.force_login(account(role))
    page = client.get("/").content.decode()
    assert {link for link in ("/docs", "/monitoring/kafka", "/admin/") if f'href="{link}"' in page} == links


def test_browsers_find_an_icon_where_no_page_names_one(client: Client) -> None:
    assert client.get("/favicon.ico")["Location"] == "/static/monitoring/icon.svg"


def test_logging_out_takes_a_post(client: Client, account: AccountOf) -> None:
    client.force_login(account(Role.SHOP))
    assert client.get("/logout").status_code == 405
    assert client.post("/logout")["Location"] == "/login"
    assert client.get("/").status_code == 302
