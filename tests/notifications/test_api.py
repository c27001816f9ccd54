from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.roles import Role
from notifications.messages import Kind
from notifications.models import Notification
from tests.conftest import AccountOf, ClientAs

NUMBERS = iter(range(1000))


def told(recipient: str, kind: Kind = Kind.ORDER_PAID) -> Notification:
    return Notification.objects.create(recipient=recipient, kind=kind, order_id=f"A-{next(NUMBERS)}", text="Paid.")


def ids(answer: Any) -> list[int]:
    return [row["id"] for row in answer.json()["results"]]


@pytest.fixture
def customer(client_as: ClientAs) -> APIClient:
    return client_as(Role.CUSTOMER, user_id=7)


def test_a_customer_gets_those_of_their_user_the_newest_first(customer: APIClient) -> None:
    mine = [told("customer:7").pk, told("customer:7").pk]
    told("customer:70")
    told("customer:8")
    assert ids(customer.get("/notifications")) == mine[::-1]


def test_any_account_gets_its_own(account: AccountOf) -> None:
    investigator, other = account(Role.INVESTIGATOR), account(Role.INVESTIGATOR)
    mine = told(f"account:{investigator.pk}", Kind.FRAUD_ALERT)
    told(f"account:{other.pk}", Kind.FRAUD_ALERT)
    client = APIClient()
    client.force_authenticate(investigator)
    assert ids(client.get("/notifications")) == [mine.pk]


def test_nobody_gets_401(db: None) -> None:
    assert APIClient().get("/notifications").status_code == 401


def test_they_can_be_filtered(customer: APIClient) -> None:
    paid, failed = told("customer:7"), told("customer:7", Kind.ORDER_FAILED)
    customer.patch(f"/notifications/{paid.pk}", {"read": True})
    assert ids(customer.get("/notifications?kind=ORDER_FAILED")) == [failed.pk]
    assert ids(customer.get("/notifications?unread=true")) == [failed.pk]
    assert ids(customer.get("/notifications?unread=false")) == [paid.pk]
    for query in ("unread=yes", "kind=PAID", "recipient=customer:8"):
        assert customer.get(f"/notifications?{query}").status_code == 400


def test_they_come_in_pages(customer: APIClient) -> None:
    mine = [told("customer:7").pk for _ in range(3)]
    first = customer.get("/notifications?limit=2")
    assert ids(first) + ids(customer.get(first.json()["next"])) == mine[::-1]


def test_one_is_marked_as_read_once_and_can_be_unread_again(customer: APIClient) -> None:
    path = f"/notifications/{told('customer:7').pk}"
    assert (customer.get(path).json()["read"], customer.get(path).json()["read_at"]) == (False, None)
    first = customer.patch(path, {"read": True}).json()
    assert first["read"]
    assert customer.patch(path, {"read": True}).json()["read_at"] == first["read_at"]
    assert customer.patch(path, {"read": False}).json()["read_at"] is None


@pytest.mark.parametrize("change", [{}, {"read": "true"}, {"read": 1}, {"read": None}, {"read": True, "text": "x"}])
def test_a_change_that_makes_no_sense_is_refused(customer: APIClient, change: dict[str, Any]) -> None:
    mine = told("customer:7")
    assert customer.patch(f"/notifications/{mine.pk}", change).status_code == 400
    mine.refresh_from_db()
    assert mine.read_at is None


def test_what_was_told_to_others_does_not_exist(customer: APIClient) -> None:
    others = told("customer:8")
    for answer in (
        customer.get(f"/notifications/{others.pk}"),
        customer.patch(f"/notifications/{others.pk}", {"read": True}),
        customer.get(f"/notifications/{10**30}"),
    ):
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems#not-found")
    others.refresh_from_db()
    assert others.read_at is None


def test_a_mark_that_is_sent_again_under_its_key_changes_nothing_anew(customer: APIClient) -> None:
    path = f"/notifications/{told('customer:7').pk}"
    first = customer.patch(path, {"read": True}, headers={"Idempotency-Key": "m"})
    customer.patch(path, {"read": False})
    again = customer.patch(path, {"read": True}, headers={"Idempotency-Key": "m"})
    assert (again["Idempotency-Replayed"], again.content) == ("true", first.content)
    assert customer.get(path).json()["read"] is False
    assert customer.patch(path, {"read": False}, headers={"Idempotency-Key": "m"}).status_code == 422
