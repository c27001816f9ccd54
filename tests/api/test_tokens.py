from base64 import b64encode
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from knox.models import AuthToken
from rest_framework.test import APIClient

PASSWORD = "correct horse battery"


@pytest.fixture
def ada(db: None, settings: Any) -> User:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # fast
    cache.clear()
    return User.objects.create_user("ada", password=PASSWORD)


def basic(name: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{name}:{password}".encode()).decode()}


def make_token(password: str = PASSWORD) -> Any:
    return APIClient().post("/auth/tokens", headers=basic("ada", password))


def bearer(token: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


def test_a_name_and_a_password_make_a_token_that_expires(ada: User) -> None:
    answer = make_token()
    assert answer.status_code == 201
    assert answer["Cache-Control"] == "no-store"
    assert bearer(answer.json()["token"]).get("/notifications").status_code == 200
    left = datetime.fromisoformat(answer.json()["expires_at"]) - timezone.now()
    assert timedelta(days=29) < left <= timedelta(days=30)


def test_an_expired_token_is_401(ada: User) -> None:
    token = make_token().json()["token"]
    AuthToken.objects.update(expiry=timezone.now() - timedelta(seconds=1))
    assert bearer(token).get("/notifications").status_code == 401


def test_a_token_revokes_itself_and_no_other(ada: User) -> None:
    one, other = make_token().json()["token"], make_token().json()["token"]
    assert bearer(one).delete("/auth/tokens/current").status_code == 204
    assert bearer(one).get("/notifications").status_code == 401
    assert bearer(other).get("/notifications").status_code == 200


def test_a_token_makes_no_further_tokens(ada: User) -> None:
    assert bearer(make_token().json()["token"]).post("/auth/tokens").status_code == 401


def test_the_token_of_a_disabled_account_is_401(ada: User) -> None:
    token = make_token().json()["token"]
    User.objects.update(is_active=False)
    assert bearer(token).get("/notifications").status_code == 401


def test_a_session_makes_a_token(ada: User) -> None:
    client = APIClient()
    client.force_login(ada)
    assert client.post("/auth/tokens").status_code == 201


def test_a_wrong_password_is_401_and_asks_for_basic(ada: User) -> None:
    answer = make_token("wrong")
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Basic realm="tokens"')
    assert answer["Content-Type"] == "application/problem+json"


def test_after_ten_wrong_passwords_the_right_one_must_wait_at_every_door(ada: User) -> None:
    for _ in range(5):
        assert make_token("wrong").status_code == 401
        Client().post("/login", {"username": "ada", "password": "wrong"})
    answer = make_token()
    assert (answer.status_code, answer["Retry-After"]) == (429, "300")
    assert answer.json()["type"] == "/problems#too-many-requests"
    page = Client().post("/login", {"username": "ada", "password": PASSWORD})
    assert page.status_code == 200  # the form again


def test_wrong_passwords_of_one_address_lock_out_no_other(ada: User) -> None:
    for _ in range(10):
        make_token("wrong")
    elsewhere = APIClient(REMOTE_ADDR="192.0.2.1")
    assert elsewhere.post("/auth/tokens", headers=basic("ada", PASSWORD)).status_code == 201


def test_the_right_password_clears_the_count(ada: User) -> None:
    for _ in range(2):
        for _ in range(9):
            make_token("wrong")
        assert make_token().status_code == 201
