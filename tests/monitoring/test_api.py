"""What monitoring answers when Kafka is down, and to whom. What it answers on a real broker: test_kafka.py."""

from datetime import UTC, datetime
from time import perf_counter
from typing import Any

import pytest
from django.test import Client

from analytics.models import HourlyTotal
from api.roles import Role
from fraud.models import FraudAlert
from streaming import clients
from tests.conftest import AccountOf, ClientAs
from transactions.models import Transaction

NOW = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def record_one_of_each() -> None:
    Transaction.objects.create(
        order_id="A-1", user_id=7, amount="1234567.10", status="SUCCESS", timestamp=NOW, kind="ORDER"
    )
    FraudAlert.objects.create(order_id="A-2", user_id=7, amount="20000000.00", timestamp=NOW, rule="amount-limit")
    HourlyTotal.objects.create(user_id=7, hour=NOW.replace(minute=0), total_cents=123, transaction_count=1)


@pytest.mark.usefixtures("kafka_is_down")
def test_health_says_what_is_down_in_a_sentence_and_quickly(client: Client) -> None:
    start = perf_counter()
    answer = client.get("/health")
    assert perf_counter() - start < 2.5
    assert answer.status_code == 503
    parts = {part["name"]: part for part in answer.json()["parts"]}
    assert answer.json()["status"] == parts["kafka"]["status"] == "down"
    assert parts["kafka"]["why"].startswith("No Kafka broker answers.")
    assert parts["kafka"]["latency_ms"] > 0
    assert {name for name, part in parts.items() if part["status"] == "up"} == {"database", "search", "celery broker"}
    assert client.get("/health/ready").status_code == 503
    assert client.get("/health/live").json() == {"status": "up"}


@pytest.mark.usefixtures("kafka_is_down")
def test_health_names_no_hosts_and_no_accounts(client: Client, settings: Any) -> None:
    settings.KAFKA |= {"sasl.username": "kafka-account", "sasl.password": "kafka-secret"}
    body = client.get("/health").content.decode()
    assert not [word for word in ("127.0.0.1", "kafka-account", "kafka-secret", "sqlite") if word in body]


def test_health_says_which_setting_is_missing(client: Client, settings: Any) -> None:
    settings.KAFKA = {}
    clients.admin.cache_clear()
    kafka = next(part for part in client.get("/health").json()["parts"] if part["name"] == "kafka")
    assert "KAFKA_BOOTSTRAP_SERVERS is not set" in kafka["why"]


@pytest.mark.usefixtures("kafka_is_down")
def test_the_kafka_status_is_a_problem_while_kafka_is_down(client_as: ClientAs) -> None:
    start = perf_counter()
    answer = client_as(Role.OPERATOR).get("/monitoring/kafka")
    assert perf_counter() - start < 2.5
    assert answer.status_code == 503
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"].startswith("No Kafka broker answers.")


@pytest.mark.parametrize("role", [Role.SHOP, Role.INVESTIGATOR, Role.ANALYST, Role.CUSTOMER])
def test_the_kafka_status_is_for_operators(client_as: ClientAs, role: Role) -> None:
    assert client_as(role).get("/monitoring/kafka").status_code == 403


def test_the_kafka_status_asks_who_is_there(client: Client) -> None:
    assert client.get("/monitoring/kafka").status_code == 401


@pytest.mark.usefixtures("kafka_is_down")
def test_the_live_state_shows_the_database_while_kafka_is_down(client_as: ClientAs) -> None:
    record_one_of_each()
    state = client_as(Role.INVESTIGATOR).get("/live/state").json()
    assert state["kafka"]["why"].startswith("No Kafka broker answers.")
    [transaction] = state["panels"]["transactions"]["rows"]
    assert (transaction["order_id"], transaction["amount"]) == ("A-1", "1234567.10")
    assert [row["order_id"] for row in state["panels"]["alerts"]["rows"]] == ["A-2"]
    assert [row["total_amount"] for row in state["panels"]["hours"]["rows"]] == [1.23]


@pytest.mark.usefixtures("kafka_is_down")
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


def test_logging_out_takes_a_post(client: Client, account: AccountOf) -> None:
    client.force_login(account(Role.SHOP))
    assert client.get("/logout").status_code == 405
    assert client.post("/logout")["Location"] == "/login"
    assert client.get("/").status_code == 302
