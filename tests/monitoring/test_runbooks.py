"""What alerts lead operators to."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.roles import Role
from monitoring.views import RUNBOOKS
from tests.conftest import AccountOf

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(account: AccountOf, client: Client) -> Client:
    client.force_login(account(Role.OPERATOR))
    return client


@pytest.mark.parametrize("file", sorted(RUNBOOKS.glob("*.md")), ids=lambda file: file.stem)
def test_a_browser_shows_the_runbook_of_every_alert(operator: Client, file: object) -> None:
    answer = operator.get(f"/runbooks/{file.name}")  # type: ignore[attr-defined]
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.content.decode() == file.read_text()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "path", ["/runbooks/no-such-alert.md", "/runbooks/..%2Fsettings.md", "/runbooks/../settings.md"]
)
def test_nothing_else_is_shown(operator: Client, path: str) -> None:
    assert operator.get(path).status_code == 404


def test_whoever_is_not_logged_in_is_sent_to_log_in_and_then_on(client: Client) -> None:
    answer = client.get("/runbooks/watchdog.md")
    assert answer.status_code == 302
    assert answer["Location"] == f"{reverse('login')}?next=/runbooks/watchdog.md"


def test_customers_have_no_runbooks(client: Client, account: AccountOf) -> None:
    client.force_login(account(Role.CUSTOMER, 7))
    assert client.get("/runbooks/watchdog.md").status_code == 403
