"""Forgetting a person on SQLite, and what the command refuses."""

import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command

from accounts.roles import Role
from api.models import Customer
from events import Status, Transaction
from privacy import kept
from streaming.topics import topic_configs, topics_in_use
from tests.conftest import AccountOf
from tests.privacy.contract import SUPERUSER, ForgettingContract, forget
from tests.reconciliation.conftest import TWO
from transactions.services import create_transactions


class TestOnSQLite(ForgettingContract):
    pass


@pytest.fixture
def answering(db: None) -> User:
    return User.objects.create_superuser(SUPERUSER)


@pytest.mark.parametrize("given", ["", "seven", "7.0", "-7", "٧", "2147483648", "7; DROP"])
def test_what_is_no_number_of_a_user_is_refused(answering: User, given: str) -> None:
    with pytest.raises(CommandError, match="is no user's number: give a whole number from 0 to 2147483647"):
        call_command("forget_user", "--by", SUPERUSER, "--yes", "--", given)


def test_a_user_of_whom_nothing_is_known_is_refused(answering: User) -> None:
    with pytest.raises(CommandError, match="Nothing is known of user 7: neither an account nor a transaction"):
        forget(user=7)


def test_a_user_who_never_had_an_account_is_forgotten(answering: User) -> None:
    create_transactions(orders=[Transaction("a-1", 7, 1.0, Status.SUCCESS, TWO)])
    assert "User 7: nothing to erase." in forget(user=7)
    assert "User 7 was forgotten at" in forget(user=7)


@pytest.mark.parametrize("role", [Role.INVESTIGATOR, Role.SHOP])
def test_staff_is_refused_until_its_roles_are_taken_away(answering: User, account: AccountOf, role: Role) -> None:
    one = account(role, 7)
    with pytest.raises(CommandError, match=f"The account {one.username} of user 7 is one of staff"):
        forget(user=7)
    one.groups.set([Group.objects.get(name=Role.CUSTOMER)])
    one.is_staff = False
    one.save()
    assert "1 accounts" in forget(user=7)


def test_somebody_has_to_answer_for_it(account: AccountOf) -> None:
    Customer.objects.create(account=account(Role.CUSTOMER), user_id=7)
    with pytest.raises(CommandError, match="Give --by NAME"):
        call_command("forget_user", "7", "--yes")
    name = account(Role.SHOP).username
    with pytest.raises(CommandError, match=f"{name} is no active superuser's account"):
        call_command("forget_user", "7", "--yes", "--by", name)


@pytest.mark.parametrize(("typed", "is_done"), [("7", True), ("y", False), ("8", False)])
def test_it_is_done_once_the_number_was_typed(
    answering: User, account: AccountOf, monkeypatch: pytest.MonkeyPatch, typed: str, is_done: bool
) -> None:
    account(Role.CUSTOMER, 7)
    monkeypatch.setattr("sys.stdin", TypedAt(f"{typed}\n"))
    out = StringIO()
    if is_done:
        call_command("forget_user", "7", "--by", SUPERUSER, stdout=out)
    else:
        with pytest.raises(CommandError, match="Nothing was done"):
            call_command("forget_user", "7", "--by", SUPERUSER, stdout=out)
    assert Customer.objects.filter(user_id=7).exists() is not is_done


def test_without_a_terminal_nobody_is_asked(answering: User, account: AccountOf, monkeypatch: Any) -> None:
    account(Role.CUSTOMER, 7)
    monkeypatch.setattr("sys.stdin", StringIO("7\n"))
    with pytest.raises(CommandError, match=r"give --yes\. Nothing was done"):
        call_command("forget_user", "7", "--by", SUPERUSER)
    assert Customer.objects.filter(user_id=7).exists()


class TypedAt(StringIO):
    """What somebody types at a terminal."""

    def isatty(self) -> bool:
        return True


def test_no_topic_keeps_a_key_for_good() -> None:
    assert kept.compacted(topic_configs(topics_in_use())) == set()
    assert kept.compacted({"a": {"cleanup.policy": "delete,compact"}, "b": {}}) == {"a"}


def test_every_table_stands_in_the_document_with_what_becomes_of_it() -> None:
    document = (Path(django_settings.BASE_DIR) / "docs" / "privacy.md").read_text()
    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True) if model._meta.managed}
    named = set(re.findall(r"`(\w+)`", document))
    assert tables - named == set(), "say in docs/privacy.md what it holds of people; forget_user may have to erase it"
