from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from accounts.authentication import make_token

pytestmark = pytest.mark.django_db


@pytest.fixture
def token() -> str:
    return make_token(User.objects.create_user("ada"))[1]


def test_a_program_gets_no_cookies_and_leaves_no_session(token: str) -> None:
    answer = Client(headers={"Authorization": f"Bearer {token}"}).get("/notifications")
    assert answer.status_code == 200
    assert not answer.cookies
    assert "Cookie" not in answer.get("Vary", "")


@pytest.mark.parametrize("path", ["/", "/admin/", "/login", "/docs", "/problems"])
def test_a_page_that_a_program_asks_for_is_that_of_somebody_who_is_not_logged_in(token: str, path: str) -> None:
    assert Client(headers={"Authorization": f"Bearer {token}"}).get(path).status_code == Client().get(path).status_code


@pytest.mark.parametrize("path", ["/health", "/metrics", "/schema", "/none", "/live/state", "/auth/tokens"])
def test_no_address_fails_for_want_of_a_session(token: str, path: str) -> None:
    assert Client(headers={"Authorization": f"bearer {token}"}).get(path).status_code < 500 or path == "/health"


def test_who_brings_a_token_that_is_none_is_not_who_the_cookie_says(token: str) -> None:
    client = Client()
    client.force_login(User.objects.get())
    assert client.get("/notifications").status_code == 200
    assert client.get("/notifications", headers={"Authorization": "Bearer none"}).status_code == 401


def test_the_log_looks_up_no_account_for_itself(django_assert_num_queries: Any) -> None:
    client = Client()
    client.force_login(User.objects.create_user("bob"))
    with django_assert_num_queries(0):
        assert client.get("/problems").status_code == 200
