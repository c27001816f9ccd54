"""What the shop's machines read is added together, a moment later."""

from typing import Any

import pytest
from django.db import Error, OperationalError

from accounts.roles import Role
from audit import adding
from audit.models import AuditLine
from fraud.models import FraudAlert
from tests.audit.conftest import Reader


@pytest.fixture(autouse=True)
def lines_may_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a process of the API, where a thread adds them."""
    monkeypatch.setattr(adding, "_bearable", 3)
    monkeypatch.setattr(adding, "_waiting", [])


def noted() -> list[int | None]:
    return list(AuditLine.objects.order_by("pk").values_list("user_id", flat=True))


def test_lines_of_the_shops_machine_are_added_by_one_statement(
    reader: Reader, alert: FraudAlert, django_assert_num_queries: Any
) -> None:
    client = reader(Role.SHOP)
    for user_id in (7, 8):
        assert client.get(f"/analytics/users/{user_id}/hourly").status_code == 200
    assert noted() == []
    with django_assert_num_queries(1):
        assert adding.write_down() == 2
    assert noted() == [7, 8]
    with django_assert_num_queries(0):
        assert adding.write_down() == 0


@pytest.mark.parametrize("role", [Role.ANALYST, Role.INVESTIGATOR, None])
def test_lines_of_people_do_not_wait(reader: Reader, alert: FraudAlert, role: Role | None) -> None:
    assert reader(role).get("/transactions?user_id=7").status_code == 200
    assert noted() == [7]


def test_no_more_lines_wait_than_can_be_borne(reader: Reader, alert: FraudAlert) -> None:
    client = reader(Role.SHOP)
    for user_id in range(4):
        client.get(f"/transactions?user_id={user_id}")
    assert noted() == [0, 1, 2, 3]


def test_lines_that_could_not_be_added_wait_on_and_then_whoever_reads_more_is_refused(
    reader: Reader, alert: FraudAlert
) -> None:
    client = reader(Role.SHOP)
    client.get("/transactions?user_id=0")
    with pytest.MonkeyPatch.context() as broken:
        broken.setattr(adding, "add", _refuse)
        with pytest.raises(Error):
            adding.write_down()
        assert [client.get(f"/transactions?user_id={each}").status_code for each in (1, 2, 3)] == [200, 200, 503]
    adding.write_down()
    assert noted() == [0, 1, 2, 3]


def _refuse(rows: Any) -> None:
    raise OperationalError(1114, "The table 'audit_log' is full")
