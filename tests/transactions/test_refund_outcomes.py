"""What becomes of orders when outcomes of several refunds are told at once, and when rows come back that were lost."""

from itertools import permutations
from typing import Any

import pytest
from rest_framework.test import APIClient

import events
from accounts.roles import Role
from events import ChangedStatus, Status, TransactionStatusChanged
from streaming import clients
from streaming.models import OutboxMessage
from streaming.topics import Topic
from tests.conftest import ClientAs
from tests.records import records
from transactions.models import Transaction
from transactions.recording import record
from transactions.refund_rules import new_refund_id
from transactions.services import restore

REFUNDS = "/transactions/A-1/refunds"


@pytest.fixture
def shop(client_as: ClientAs) -> APIClient:
    client = client_as(Role.SHOP)
    client.post("/transactions", {"order_id": "A-1", "user_id": 42, "amount": "20.00", "status": "SUCCESS"})
    return client


def told() -> list[Any]:
    rows = OutboxMessage.objects.order_by("id")
    return [clients.codec().decode(Topic(row.topic), bytes(row.payload)) for row in rows]


def state(client: APIClient, order_id: str = "A-1") -> tuple[str, str, str | None]:
    row = client.get(f"/transactions/{order_id}").json()
    return row["status"], row["refunded_amount"], row["refund_status"]


def pending(shop: APIClient, *amounts: int) -> list[str]:
    """The order ids of refunds that are on their way."""
    return [shop.post(REFUNDS, {"amount": n, "status": "PENDING"}).json()["order_id"] for n in amounts]


def telling(order_id: str, status: Status) -> events.Transaction:
    """What the topic says later of an order that the API has recorded."""
    row = Transaction.objects.get(order_id=order_id)
    return events.Transaction(order_id, row.user_id, float(row.amount), status, row.timestamp)


OUTCOMES = (Status.SUCCESS, Status.FAILED, Status.FAILED)


@pytest.mark.parametrize("outcomes", sorted(set(permutations(OUTCOMES))))
def test_outcomes_that_are_told_together_are_all_taken_in_first(shop: APIClient, outcomes: tuple[Status, ...]) -> None:
    ids = pending(shop, 6, 6, 8)
    record(received=records(*map(telling, ids, outcomes)))
    paid = (6, 6, 8)[outcomes.index(Status.SUCCESS)]
    assert state(shop) == ("SUCCESS", f"{paid}.00", "PARTIALLY_REFUNDED")
    assert [each for each in told() if getattr(each, "order_id", "") == "A-1"][1:] == []
    assert shop.post(REFUNDS, {}).json()["amount"] == f"-{20 - paid}.00"
    assert state(shop) == ("REFUNDED", "20.00", "REFUNDED")


def test_outcomes_of_several_orders_that_are_told_together_each_change_their_own(shop: APIClient) -> None:
    shop.post("/transactions", {"order_id": "B-1", "user_id": 7, "amount": "5.00", "status": "SUCCESS"})
    other = shop.post("/transactions/B-1/refunds", {"status": "PENDING"}).json()["order_id"]
    first, second = pending(shop, 5, 15)
    outcomes = [(first, Status.SUCCESS), (other, Status.SUCCESS), (second, Status.FAILED)]
    record(received=records(*(telling(*each) for each in outcomes)))
    assert state(shop) == ("SUCCESS", "5.00", "PARTIALLY_REFUNDED")
    assert state(shop, "B-1") == ("REFUNDED", "5.00", "REFUNDED")


def test_an_order_is_told_to_be_refunded_once_and_after_its_refunds(shop: APIClient) -> None:
    ids = pending(shop, 5, 15)
    record(received=records(*(telling(each, Status.SUCCESS) for each in ids)))
    changes = [(each.order_id, each.status) for each in told() if isinstance(each, TransactionStatusChanged)]
    assert changes == [
        (ids[0], ChangedStatus.SUCCESS), (ids[1], ChangedStatus.SUCCESS), ("A-1", ChangedStatus.REFUNDED),
    ]  # fmt: skip


def lose(*order_ids: str) -> list[events.Transaction]:
    """Delete rows, and everything that waits; returns what the topic has of them."""
    published = [each for each in told() if isinstance(each, events.Transaction) and each.order_id in order_ids]
    Transaction.objects.filter(order_id__in=order_ids).delete()
    OutboxMessage.objects.all().delete()
    return published


def test_an_order_that_was_not_lost_counts_refunds_that_have_not_come_back_yet(shop: APIClient) -> None:
    ids = [shop.post(REFUNDS, {"amount": amount}).json()["order_id"] for amount in (5, 7, 2)]
    for number, lost in enumerate(lose(*ids)):
        restore(lost=records(lost, first_offset=number), statuses={})
        assert state(shop) == ("SUCCESS", "14.00", "PARTIALLY_REFUNDED")
    assert shop.post(REFUNDS, {"amount": "6.01"}).status_code == 409
    assert Transaction.objects.filter(refund_of="A-1").count() == 3


def test_a_refund_that_had_failed_comes_back_without_being_counted(shop: APIClient) -> None:
    first, second = pending(shop, 5, 7)
    shop.put(f"/transactions/{first}/status", {"status": "FAILED"})
    restore(lost=records(*lose(first, second)), statuses={first: ChangedStatus.FAILED})
    assert state(shop) == ("SUCCESS", "7.00", "PARTIALLY_REFUNDED")
    shop.put(f"/transactions/{second}/status", {"status": "FAILED"})
    assert state(shop) == ("SUCCESS", "0.00", None)


def test_an_order_that_was_lost_comes_back_with_what_was_refunded_of_it(shop: APIClient) -> None:
    ids = pending(shop, 5, 7)
    restore(lost=records(*lose(*ids, "A-1")), statuses={})
    assert state(shop) == ("SUCCESS", "12.00", "PARTIALLY_REFUNDED")


def test_what_somebody_else_recorded_again_meanwhile_keeps_its_status(shop: APIClient) -> None:
    (refund,) = pending(shop, 5)
    lost = [each for each in told() if isinstance(each, events.Transaction)]
    shop.put(f"/transactions/{refund}/status", {"status": "SUCCESS"})
    restore(lost=records(*lost), statuses={refund: ChangedStatus.FAILED, "A-1": ChangedStatus.PENDING})
    assert [state(shop, each)[0] for each in (refund, "A-1")] == ["SUCCESS", "SUCCESS"]


def test_a_strangers_refund_of_a_like_name_is_none_of_the_order(shop: APIClient) -> None:
    (own,) = lose(shop.post(REFUNDS, {"amount": 5}).json()["order_id"])
    strange = events.Transaction(new_refund_id("A-1"), 7, -9.0, Status.SUCCESS, own.timestamp)
    restore(lost=records(own, strange), statuses={})
    assert list(Transaction.objects.filter(refund_of="A-1").values_list("order_id", flat=True)) == [own.order_id]
    assert state(shop) == ("SUCCESS", "5.00", "PARTIALLY_REFUNDED")
