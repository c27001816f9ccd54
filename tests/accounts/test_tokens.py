import os
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone
from knox.models import AuthToken
from rest_framework.test import APIClient, APIRequestFactory

from accounts import revocation
from accounts.authentication import BearerToken
from accounts.roles import Role
from api.models import Customer

PASSWORD = "correct horse battery"


@pytest.fixture
def ada(db: None, settings: Any) -> User:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # fast
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


def test_two_requests_that_are_answered_at_once_share_no_token(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    token = make_token().json()["token"]
    bearer(token).get("/notifications")
    request = APIRequestFactory().get("/", headers={"Authorization": f"Bearer {token}"})
    (one, its), (other, others) = (BearerToken().authenticate(request) for _ in range(2))
    its.delete()
    assert (others.pk, others.delete()[0]) != (None, 1)
    assert one is not other


def test_a_token_makes_no_further_tokens(ada: User) -> None:
    assert bearer(make_token().json()["token"]).post("/auth/tokens").status_code == 401


def test_the_token_of_a_disabled_account_is_401(ada: User) -> None:
    token = make_token().json()["token"]
    assert bearer(token).get("/notifications").status_code == 200
    ada.is_active = False
    ada.save()
    assert bearer(token).get("/notifications").status_code == 401


def test_a_token_is_looked_up_once_in_a_while(ada: User, django_assert_num_queries: Any) -> None:
    token = make_token().json()["token"]
    assert bearer(token).get("/health/live").status_code == 200
    with django_assert_num_queries(4):  # the token, whose account, its roles, and the list
        assert bearer(token).get("/notifications").status_code == 200
    with django_assert_num_queries(1):  # the list
        assert bearer(token).get("/notifications").status_code == 200


def test_what_a_known_token_may_do_changes_with_its_account_at_once(ada: User) -> None:
    token = make_token().json()["token"]
    assert bearer(token).get("/fraud/alerts").status_code == 403
    ada.groups.add(Group.objects.get(name=Role.INVESTIGATOR))
    assert bearer(token).get("/fraud/alerts").status_code == 200
    ada.groups.clear()
    assert bearer(token).get("/fraud/alerts").status_code == 403
    ada.groups.add(Group.objects.get(name=Role.CUSTOMER))
    assert bearer(token).get("/analytics/users/7/hourly").status_code == 403
    Customer.objects.create(account=ada, user_id=7)
    assert bearer(token).get("/analytics/users/7/hourly").status_code == 200
    Customer.objects.get().delete()
    assert bearer(token).get("/analytics/users/7/hourly").status_code == 403


def test_a_known_token_that_expires_is_401(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    token = make_token().json()["token"]
    assert bearer(token).get("/notifications").status_code == 200
    monkeypatch.setattr(timezone, "now", lambda: datetime.now(UTC) + timedelta(days=31))
    assert bearer(token).get("/notifications").status_code == 401


def test_what_signals_do_not_say_is_seen_when_a_token_is_looked_up_again(ada: User, settings: Any) -> None:
    settings.TOKENS_KEPT_SECONDS = 0
    token = make_token().json()["token"]
    assert bearer(token).get("/notifications").status_code == 200
    User.objects.update(is_active=False)
    assert bearer(token).get("/notifications").status_code == 401


def test_a_login_leaves_tokens_known(ada: User, django_assert_num_queries: Any) -> None:
    token = make_token().json()["token"]
    bearer(token).get("/notifications")
    make_token()
    with django_assert_num_queries(1):
        bearer(token).get("/notifications")


def test_a_revocation_in_one_process_is_seen_by_those_that_it_was_forked_with() -> None:
    before = revocation.last()
    child = os.fork()
    if not child:
        revocation.mark()
        os._exit(0)
    os.waitpid(child, 0)
    assert revocation.last() != before


def test_a_session_makes_a_token(ada: User) -> None:
    client = APIClient()
    client.force_login(ada)
    assert client.post("/auth/tokens").status_code == 201


def test_a_wrong_password_is_401_and_asks_for_basic(ada: User) -> None:
    answer = make_token("wrong")
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Basic realm="tokens"')
    assert answer["Content-Type"] == "application/problem+json"


def password_of(account: User) -> None:
    account.set_password("another horse battery")
    account.save()


def password_in_the_admin(account: User) -> None:
    admin = Client()
    admin.force_login(User.objects.create_superuser("root"))
    form = {"usable_password": "true", "password1": "another horse battery", "password2": "another horse battery"}
    assert admin.post(f"/admin/auth/user/{account.pk}/password/", form).status_code == 302


def password_in_bulk(account: User) -> None:
    # Nothing of ours does so; of what somebody does in SQL, no process hears.
    User.objects.filter(pk=account.pk).update(password=make_password("another horse battery"))
    revocation.mark()


def no_password(account: User) -> None:
    account.set_unusable_password()
    account.save()


@pytest.mark.parametrize("change", [password_of, password_in_the_admin, password_in_bulk, no_password])
def test_a_token_ends_with_the_password_under_which_it_was_made(ada: User, change: Callable[[User], None]) -> None:
    token = make_token().json()["token"]
    assert bearer(token).get("/notifications").status_code == 200
    change(ada)
    answer = bearer(token).get("/notifications")
    assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")
    assert "password" in answer.json()["detail"]


def test_a_new_password_makes_tokens_that_work(ada: User) -> None:
    password_of(ada)
    assert bearer(make_token("another horse battery").json()["token"]).get("/notifications").status_code == 200


def test_a_token_of_another_account_does_not_end_with_it(ada: User) -> None:
    User.objects.create_user("bob", password=PASSWORD)
    bobs = APIClient().post("/auth/tokens", headers=basic("bob", PASSWORD)).json()["token"]
    password_of(ada)
    assert bearer(bobs).get("/notifications").status_code == 200


def test_tokens_of_one_account_differ_and_tell_nothing_of_the_password(ada: User) -> None:
    one, other = make_token().json()["token"], make_token().json()["token"]
    assert one != other
    assert one[:10] not in ada.password
