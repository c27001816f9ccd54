import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from accounts.roles import Role, roles_of
from api.models import Customer

pytestmark = pytest.mark.django_db
NAMES = {"shop", "investigator", "analyst", "operator", "customer", "admin"}


@pytest.fixture(autouse=True)
def fast_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def make(**options: Any) -> dict[str, dict[str, str]]:
    told = StringIO()
    call_command("make_demo_accounts", stdout=told, **options)
    return dict(json.loads(told.getvalue()))


def asks(token: str) -> int:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return int(client.get("/notifications").status_code)


def test_there_is_an_account_of_every_role_and_a_superuser() -> None:
    logins = make()
    assert set(logins) == NAMES
    for role in Role:
        assert roles_of(User.objects.get(username=role)) == {role}
    assert User.objects.get(is_superuser=True).username == "admin"
    assert set(User.objects.filter(is_staff=True).values_list("username", flat=True)) == {
        "admin",
        "investigator",
        "operator",
    }
    assert logins["shop"]["email"] == "shop@shop.example"


def test_passwords_and_tokens_work_and_differ() -> None:
    logins = make().values()
    for login in logins:
        assert User.objects.get(username=login["name"]).check_password(login["password"])
        assert asks(login["token"]) == 200
    assert len({login["password"] for login in logins}) == len(NAMES)


def test_a_second_run_gives_new_passwords_and_ends_the_old_tokens() -> None:
    before, after = make(), make()
    assert User.objects.count() == len(NAMES)
    assert before["shop"]["password"] != after["shop"]["password"]
    assert asks(before["shop"]["token"]) == 401
    assert asks(after["shop"]["token"]) == 200


def test_a_second_run_takes_back_what_was_given_in_between() -> None:
    make()
    User.objects.filter(username="shop").update(is_superuser=True, is_staff=True, is_active=False)
    make()
    shop = User.objects.get(username="shop")
    assert (shop.is_superuser, shop.is_staff, shop.is_active) == (False, False, True)


def test_the_customer_is_the_user_asked_for() -> None:
    make()
    assert Customer.objects.get().user_id == 1
    make(customer_user_id=14048)
    assert Customer.objects.get().user_id == 14048


def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "new" / "accounts.json"
    file.parent.mkdir()
    file.write_text("old")
    file.chmod(0o644)
    told = StringIO()
    call_command("make_demo_accounts", write=file, stdout=told)
    assert file.stat().st_mode & 0o777 == 0o600
    assert set(json.loads(file.read_text())) == NAMES
    assert told.getvalue() == ""


def test_one_password_for_all_can_be_given() -> None:
    assert {login["password"] for login in make(password="correct horse battery").values()} == {"correct horse battery"}


@pytest.mark.parametrize("bad", [{"password": "short"}, {"customer_user_id": -1}, {"customer_user_id": 2**31}])
def test_bad_options_are_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(CommandError):
        make(**bad)
    assert not User.objects.exists()
