"""Whose tokens are whose, what they may do, when they were used, and how they end."""

import json
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.db import DatabaseError, OperationalError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from knox.models import AuthToken
from rest_framework.test import APIClient

from accounts import issued, last_use
from accounts.authentication import mark_of
from accounts.models import TokenDetails
from accounts.roles import Role
from tests.accounts.test_tokens import PASSWORD, basic, bearer

AN_ORDER = {"user_id": 1, "amount": "1.00"}
FIELDS = {"id", "name", "scopes", "created_at", "expires_at", "last_used_at"}


@pytest.fixture(autouse=True)
def ada(db: None) -> User:
    last_use._used.clear()
    return an_account("ada")


def an_account(name: str) -> User:
    account = User.objects.create_user(name, password=PASSWORD)
    account.groups.set(Group.objects.filter(name__in=[Role.SHOP, Role.ANALYST]))
    return account


def make(account: str = "ada", /, **body: Any) -> Any:
    return APIClient().post("/auth/tokens", body, headers=basic(account, PASSWORD))


def made(account: str = "ada", /, **body: Any) -> dict[str, Any]:
    answer = make(account, **body)
    assert answer.status_code == 201, answer.content
    return dict(answer.json())


def holds(token: dict[str, Any]) -> bool:
    status = bearer(token["token"]).get("/transactions").status_code
    assert status in (200, 401)
    return status == 200


def listed(token: dict[str, Any]) -> list[dict[str, Any]]:
    return list(bearer(token["token"]).get("/auth/tokens").json()["results"])


def test_a_token_that_is_made_without_a_word_has_all_rights_for_thirty_days() -> None:
    token = made()
    assert set(token) == FIELDS | {"token"}
    assert (token["name"], token["scopes"], token["last_used_at"]) == ("", ["read", "write"], None)
    life = datetime.fromisoformat(token["expires_at"]) - datetime.fromisoformat(token["created_at"])
    assert timedelta(days=29, hours=23) < life <= timedelta(days=30, seconds=1)


def test_one_sees_ones_own_tokens_and_which_one_asks() -> None:
    first, second = made(name="export"), made(scopes=["read"])
    an_account("bob")
    made("bob", name="somebody else's")
    seen = listed(second)
    assert [set(each) for each in seen] == [FIELDS | {"is_current"}] * 2
    assert [(each["id"], each["name"], each["scopes"], each["is_current"]) for each in seen] == [
        (first["id"], "export", ["read", "write"], False),
        (second["id"], "", ["read"], True),
    ]
    assert first["token"] not in json.dumps(seen)


def test_a_session_sees_the_tokens_of_its_account_too(ada: User) -> None:
    made()
    client = APIClient()
    client.force_login(ada)
    assert [each["is_current"] for each in client.get("/auth/tokens").json()["results"]] == [False]


def test_what_has_ended_is_not_listed(ada: User) -> None:
    expired = made()
    AuthToken.objects.update(expiry=timezone.now() - timedelta(seconds=1))
    before_the_password = made()
    ada.set_password(PASSWORD + "!")
    ada.save()
    ada.set_password(PASSWORD)
    ada.save()  # another hash: those of before have ended
    token = made()
    assert [each["id"] for each in listed(token)] == [token["id"]]
    assert not holds(expired)
    assert not holds(before_the_password)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"name": "x" * 101}, "#/name"),
        ({"name": 7}, "#/name"),
        ({"name": None}, "#/name"),
        ({"scopes": []}, "#/scopes"),
        ({"scopes": ["write"]}, "#/scopes"),
        ({"scopes": ["read", "admin"]}, "#/scopes/1"),
        ({"scopes": "read"}, "#/scopes"),
        ({"scopes": ["read"] * 3}, "#/scopes"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "#/expires_at"),
        ({"expires_at": "9999-12-31T23:59:59Z"}, "#/expires_at"),
        ({"expires_at": 7}, "#/expires_at"),
        ({"expires_in": 7}, "#/expires_in"),
    ],
)
def test_what_no_token_can_have_is_refused_by_name(body: dict[str, Any], pointer: str) -> None:
    answer = make(**body)
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    [error] = answer.json()["errors"]
    assert error["pointer"].startswith(pointer)
    assert not TokenDetails.objects.exists()


def test_a_token_ends_when_its_owner_has_said() -> None:
    end = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    token = made(expires_at=end.isoformat())
    assert datetime.fromisoformat(token["expires_at"]) == end
    AuthToken.objects.update(expiry=timezone.now())
    assert not holds(token)


def test_a_token_that_may_read_reads_and_searches_and_writes_nothing() -> None:
    reader = bearer(made(scopes=["read"])["token"])
    assert reader.get("/transactions").status_code == 200
    assert reader.post("/search/transactions", {}).status_code == 200
    refused = [
        reader.post("/transactions", AN_ORDER),
        reader.put("/transactions/a-1/status", {"status": "SUCCESS"}),
        reader.post("/transactions/a-1/refunds", {}),
        reader.patch("/notifications/1", {"is_read": True}),
        reader.delete("/auth/tokens"),
    ]
    assert [answer.status_code for answer in refused] == [403] * 5
    assert "scope `write`" in refused[0].json()["detail"]
    assert refused[0]["WWW-Authenticate"] == 'Bearer error="insufficient_scope", scope="write"'


def test_a_token_that_may_read_ends_itself() -> None:
    token = made(scopes=["read"])
    assert bearer(token["token"]).delete("/auth/tokens/current").status_code == 204
    assert not holds(token)


def test_no_token_makes_another() -> None:
    assert bearer(made()["token"]).post("/auth/tokens").status_code == 401


def test_a_token_is_renamed_and_shortened_by_its_account_alone() -> None:
    mine, theirs = made(), (an_account("bob"), made("bob"))[1]
    address, sooner = f"/auth/tokens/{mine['id']}", datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    assert bearer(theirs["token"]).patch(address, {"name": "stolen"}).status_code == 404
    changed = bearer(mine["token"]).patch(address, {"name": "mine", "expires_at": sooner.isoformat()})
    assert (changed.status_code, changed.json()["name"], changed.json()["is_current"]) == (200, "mine", True)
    assert datetime.fromisoformat(changed.json()["expires_at"]) == sooner
    assert listed(mine) == [changed.json()]
    later = bearer(mine["token"]).patch(address, {"expires_at": (sooner + timedelta(seconds=1)).isoformat()})
    assert (later.status_code, later.json()["errors"][0]["pointer"]) == (400, "#/expires_at")
    for body in ({"scopes": ["read"]}, {"user": 1}, {"id": 1}):
        assert bearer(mine["token"]).patch(address, body).status_code == 400


def test_a_known_token_that_is_shortened_ends_then(monkeypatch: pytest.MonkeyPatch) -> None:
    token, end = made(), timezone.now() + timedelta(minutes=1)
    assert holds(token)
    bearer(token["token"]).patch(f"/auth/tokens/{token['id']}", {"expires_at": end.isoformat()})
    assert holds(token)
    monkeypatch.setattr(timezone, "now", lambda: end + timedelta(seconds=1))
    assert not holds(token)


def test_one_token_is_revoked_and_no_other() -> None:
    kept, ended = made(), made()
    theirs = (an_account("bob"), made("bob"))[1]
    assert all(map(holds, (kept, ended, theirs)))
    address = f"/auth/tokens/{ended['id']}"
    assert bearer(theirs["token"]).delete(address).status_code == 404
    assert bearer(kept["token"]).delete(address).status_code == 204
    assert [holds(kept), holds(ended), holds(theirs)] == [True, False, True]
    assert bearer(kept["token"]).delete(address).status_code == 404


def test_all_tokens_of_an_account_are_revoked_at_once_and_nobody_elses() -> None:
    tokens = [made() for _ in range(3)]
    theirs = (an_account("bob"), made("bob"))[1]
    assert all(map(holds, tokens))
    assert bearer(tokens[0]["token"]).delete("/auth/tokens").status_code == 204
    assert [holds(token) for token in (*tokens, theirs)] == [False, False, False, True]
    assert TokenDetails.objects.count() == 1


@pytest.mark.parametrize("token_id", ["0", "99999999999999999999999", "-1", "x"])
def test_a_token_that_is_not_there_is_404(token_id: str) -> None:
    client = bearer(made()["token"])
    assert client.delete(f"/auth/tokens/{token_id}").status_code == 404


def test_an_account_has_no_more_tokens_than_it_may_have(settings: Any) -> None:
    settings.TOKENS_PER_ACCOUNT = 2
    first, _ = made(), made()
    refused = make()
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems#conflict")
    an_account("bob")
    made("bob")
    bearer(first["token"]).delete("/auth/tokens/current")
    made()
    AuthToken.objects.update(expiry=timezone.now())  # what is over takes no place
    made()


def test_when_a_token_was_used_is_written_down_later_and_once(django_assert_num_queries: Any) -> None:
    token = made()
    client = bearer(token["token"])
    client.get("/notifications")
    with django_assert_num_queries(1):  # the list
        client.get("/notifications")
    assert listed(token)[0]["last_used_at"] is None
    with django_assert_num_queries(1):
        assert last_use.write_down() == 1
    used = datetime.fromisoformat(listed(token)[0]["last_used_at"])
    assert timedelta(0) <= timezone.now() - used < timedelta(minutes=5)
    last_use.write_down()
    assert datetime.fromisoformat(listed(token)[0]["last_used_at"]) == used  # too soon to be news
    with django_assert_num_queries(1):
        last_use.write_down()
    with django_assert_num_queries(0):
        assert last_use.write_down() == 0


def test_a_token_that_nobody_uses_is_not_called_used() -> None:
    unused, used = made(name="unused"), made(name="used")
    listed(used)
    last_use.write_down()
    assert [each["last_used_at"] is None for each in listed(used)] == [True, False]
    assert unused["last_used_at"] is None


def test_a_use_that_the_database_does_not_take_is_written_down_the_next_time(monkeypatch: pytest.MonkeyPatch) -> None:
    token = made()
    holds(token)
    with monkeypatch.context() as away:

        def refuses(_: list[int]) -> None:
            raise OperationalError("read only")

        away.setattr(last_use, "_write", refuses)
        with pytest.raises(DatabaseError):
            last_use.write_down()
    assert last_use.write_down() == 1
    assert TokenDetails.objects.get().last_used_at is not None


def test_tokens_of_before_there_were_details_work_and_get_theirs(ada: User) -> None:
    _, token = AuthToken.objects.create(user=ada, prefix=mark_of(ada))
    assert bearer(token).post("/transactions", AN_ORDER).status_code == 201
    import_module("accounts.migrations.0002_details_of_earlier_tokens").add_details(apps, None)
    [details] = issued.tokens_of(ada)
    assert (details.name, details.may_write) == ("", True)


def test_a_superuser_sees_and_ends_tokens_in_the_admin(admin_client: Client, ada: User) -> None:
    token = made(name="nightly export")
    page = admin_client.get(reverse("admin:knox_authtoken_changelist"))
    assert "nightly export" in page.content.decode()
    assert holds(token)
    form = {"action": "revoke_tokens", "_selected_action": [ada.pk]}
    answer = admin_client.post(reverse("admin:auth_user_changelist"), form, follow=True)
    assert "1 tokens have ended" in answer.content.decode()
    assert not holds(token)
