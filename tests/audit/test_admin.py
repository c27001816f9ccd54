"""The log as operators read it."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.roles import Role
from audit.models import AuditLine
from tests.audit.conftest import Reader

pytestmark = pytest.mark.django_db
LOG = "/admin/audit/auditline/"


def read_by(account_id: int, user_id: int | None = None, order_id: str = "") -> AuditLine:
    return AuditLine.objects.create(
        at=timezone.now(), account_id=account_id, role="analyst", request_id="r", route="transactions",
        method="GET", format="json", status=200, user_id=user_id, order_id=order_id,
    )  # fmt: skip


@pytest.fixture
def operator(desk: Reader) -> Client:
    client = desk(Role.OPERATOR)
    User.objects.update(is_staff=True)
    return client


def shown(client: Client, query: str = "") -> set[int]:
    answer: Any = client.get(LOG + query)
    assert answer.status_code == 200
    return {line.pk for line in answer.context["cl"].result_list}


def test_lines_are_found_by_whose_data_and_by_whom(operator: Client) -> None:
    ada = User.objects.create_user("ada", is_staff=True)
    one, other, third = read_by(ada.pk, user_id=7), read_by(999, order_id="a-1"), read_by(999, user_id=7)
    assert shown(operator) >= {one.pk, other.pk, third.pk}
    assert shown(operator, "?q=7") & {one.pk, other.pk, third.pk} == {one.pk, third.pk}
    assert shown(operator, "?q=a-1") & {one.pk, other.pk, third.pk} == {other.pk}
    assert shown(operator, "?reader=ada") == {one.pk}
    assert shown(operator, "?reader=ada&q=7") == {one.pk}
    assert shown(operator, "?reader=999") == {other.pk, third.pk}
    assert shown(operator, "?reader=nobody") == set()


def test_readers_are_named_while_their_accounts_are_there(operator: Client) -> None:
    read_by(User.objects.create_user("ada").pk)
    read_by(999)
    page = operator.get(LOG).content.decode()
    assert "ada" in page
    assert "account 999" in page


def test_names_take_one_statement_for_the_page(operator: Client) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            operator.get(LOG)
        return len(queries)

    read_by(1)
    before = statements()
    for number in range(20):
        read_by(User.objects.create_user(f"somebody-{number}").pk)
    assert statements() == before


def test_later_pages_name_readers_too(operator: Client) -> None:
    for _ in range(30):
        read_by(999)
    assert "account 999" in operator.get(LOG + "?p=2").content.decode()


@pytest.mark.parametrize("role", [None, Role.OPERATOR])
def test_a_line_can_be_looked_at_and_nothing_else(desk: Reader, role: Role | None) -> None:
    client = desk(role)
    User.objects.update(is_staff=True)
    line = read_by(1, user_id=7)
    assert client.get(f"{LOG}{line.pk}/change/").status_code == 200
    assert client.post(f"{LOG}{line.pk}/change/", {"role": "nobody"}).status_code == 403
    assert client.post(f"{LOG}{line.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.get(f"{LOG}add/").status_code == 403


@pytest.mark.parametrize("role", [Role.INVESTIGATOR, Role.ANALYST, Role.SHOP])
def test_whom_it_is_about_may_not_read_it(desk: Reader, role: Role) -> None:
    client = desk(role)
    User.objects.update(is_staff=True)
    assert client.get(LOG).status_code == 403


@pytest.mark.parametrize(
    "query",
    ["?reader=x", "?reader=-1", "?reader=%D9%A3", f"?reader={30 * '9'}", "?reader=%00", "?q=%00", "?o=1", "?p=999999"],
)
def test_strange_queries_are_answered(operator: Client, query: str) -> None:
    assert operator.get(LOG + query).status_code in (200, 302)
