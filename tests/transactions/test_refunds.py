"""Refunds in parts: what they come to, whatever order they and their outcomes happen in."""

from datetime import UTC, datetime
from decimal import Decimal
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

import events
from accounts.roles import Role
from events import ChangedStatus, Status, TransactionStatusChanged
from streaming import clients
from streaming.models import OutboxMessage
from streaming.topics import Topic
from tests.conftest import ClientAs
from tests.records import records
from transactions.models import RefundReason, Transaction
from transactions.recording import record
from transactions.services import restore

ORDER = {"order_id": "A-1", "user_id": 42, "amount": "20.00", "status": "SUCCESS"}
REFUNDS = "/transactions/A-1/refunds"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MANY = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def shop(client_as: ClientAs) -> APIClient:
    client = client_as(Role.SHOP)
    client.post("/transactions", ORDER)
    return client


def told() -> list[Any]:
    return [
        clients.codec().decode(Topic(row.topic), bytes(row.payload)) for row in OutboxMessage.objects.order_by("id")
    ]


def state(client: APIClient, order_id: str = "A-1") -> tuple[str, str, str | None]:
    row = client.get(f"/transactions/{order_id}").json()
    return row["status"], row["refunded_amount"], row["refund_status"]


def test_an_order_is_refunded_in_parts_and_then_as_a_whole(shop: APIClient) -> None:
    assert state(shop) == ("SUCCESS", "0.00", None)
    first = shop.post(REFUNDS, {"amount": "4.99", "reason": "RETURNED", "note": "One of two."})
    assert first.status_code == 201
    assert first.json().items() >= {
        "amount": "-4.99", "refund_of": "A-1", "kind": "REFUND", "user_id": 42, "status": "SUCCESS",
        "reason": "RETURNED", "note": "One of two.", "refund_status": None, "refunded_amount": "0.00",
    }.items()  # fmt: skip
    assert shop.get(first["Location"]).json().items() <= first.json().items()
    assert first["Link"] == '</transactions/A-1>; rel="related"'
    assert state(shop) == ("SUCCESS", "4.99", "PARTIALLY_REFUNDED")
    rest = shop.post(REFUNDS, {}).json()
    assert (rest["amount"], rest["reason"]) == ("-15.01", "OTHER")
    assert state(shop) == ("REFUNDED", "20.00", "REFUNDED")
    assert shop.post(REFUNDS, {}).status_code == 409


def test_the_wire_carries_each_refund_as_a_transaction_and_the_end_as_a_change(shop: APIClient) -> None:
    part, rest = [shop.post(REFUNDS, body).json()["order_id"] for body in ({"amount": 5}, {})]
    _, first, second, change = told()
    assert [(each.order_id, each.cents, each.status) for each in (first, second)] == [
        (part, -500, Status.SUCCESS), (rest, -1500, Status.SUCCESS),
    ]  # fmt: skip
    assert isinstance(change, TransactionStatusChanged)
    assert (change.order_id, change.cents, change.status) == ("A-1", 2000, ChangedStatus.REFUNDED)


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        ({"amount": "20.01"}, 409, "#/amount"), ({"amount": 1e12}, 409, "#/amount"), ({"amount": 0}, 400, "#/amount"),
        ({"amount": -1}, 400, "#/amount"), ({"amount": "0.001"}, 400, "#/amount"), ({"amount": None}, 400, "#/amount"),
        ({"reason": "because"}, 400, "#/reason"), ({"note": "x" * 501}, 400, "#/note"),
        ({"status": "FAILED"}, 400, "#/status"), ({"sum": 1}, 400, "#/sum"), ({"note": "\x00"}, 400, "#/note"),
    ],
)  # fmt: skip
def test_what_cannot_be_refunded_is_refused_by_name(shop: APIClient, body: Any, status: int, pointer: str) -> None:
    answer = shop.post(REFUNDS, body)
    assert (answer.status_code, [error["pointer"] for error in answer.json()["errors"]]) == (status, [pointer])
    assert state(shop) == ("SUCCESS", "0.00", None)
    assert len(told()) == 1


@pytest.mark.parametrize("status", ["PENDING", "FAILED"])
def test_what_is_not_paid_is_not_refunded(shop: APIClient, status: str) -> None:
    shop.post("/transactions", ORDER | {"order_id": "B-1", "status": status})
    answer = shop.post("/transactions/B-1/refunds", {})
    assert (answer.status_code, status in answer.json()["detail"]) == (409, True)


def test_neither_a_refund_nor_nothing_is_refunded(shop: APIClient) -> None:
    refund = shop.post(REFUNDS, {"amount": 5}).json()["order_id"]
    assert shop.post(f"/transactions/{refund}/refunds", {}).status_code == 409
    assert shop.post("/transactions/none/refunds", {}).status_code == 404
    assert shop.get("/transactions/none/refunds").status_code == 404


def test_a_refund_that_fails_gives_its_amount_back(shop: APIClient) -> None:
    refund = shop.post(REFUNDS, {"status": "PENDING"}).json()["order_id"]
    assert state(shop) == ("SUCCESS", "20.00", "REFUNDED")
    assert shop.post(REFUNDS, {"amount": "0.01"}).status_code == 409
    assert shop.put(f"/transactions/{refund}/status", {"status": "FAILED"}).status_code == 200
    assert state(shop) == ("SUCCESS", "0.00", None)
    assert shop.post(REFUNDS, {}).json()["amount"] == "-20.00"


def test_the_order_is_refunded_when_the_last_refund_has_succeeded(shop: APIClient) -> None:
    refund = shop.post(REFUNDS, {"amount": 8, "status": "PENDING"}).json()["order_id"]
    shop.post(REFUNDS, {})
    assert state(shop)[0] == "SUCCESS"
    shop.put(f"/transactions/{refund}/status", {"status": "SUCCESS"})
    assert state(shop) == ("REFUNDED", "20.00", "REFUNDED")


def test_the_status_refunded_refunds_the_rest(shop: APIClient) -> None:
    shop.post(REFUNDS, {"amount": "12.50"})
    answer = shop.put("/transactions/A-1/status", {"status": "REFUNDED"}).json()
    assert (answer["refund"]["amount"], answer["refunded_amount"]) == ("-7.50", "20.00")
    assert state(shop) == ("REFUNDED", "20.00", "REFUNDED")


def test_the_status_refunded_waits_for_a_refund_that_is_pending(shop: APIClient) -> None:
    refund = shop.post(REFUNDS, {"amount": "12.50", "status": "PENDING"}).json()["order_id"]
    answer = shop.put("/transactions/A-1/status", {"status": "REFUNDED"})
    assert (answer.status_code, refund in answer.json()["detail"]) == (409, True)
    assert state(shop) == ("SUCCESS", "12.50", "PARTIALLY_REFUNDED")


def test_refunds_are_listed_with_their_reasons_and_customers_see_no_notes(shop: APIClient, client_as: ClientAs) -> None:
    shop.post(REFUNDS, {"amount": 1, "reason": "FRAUD", "note": "Card was stolen."})
    shop.put("/transactions/A-1/status", {"status": "REFUNDED"})
    rows = shop.get(REFUNDS).json()["results"]
    assert sorted((row["amount"], row["reason"], row["note"]) for row in rows) == [
        ("-1.00", "FRAUD", "Card was stolen."), ("-19.00", None, ""),
    ]  # fmt: skip
    customer = client_as(Role.CUSTOMER, user_id=42)
    assert [row["note"] for row in customer.get(REFUNDS).json()["results"]] == ["", ""]
    assert client_as(Role.CUSTOMER, user_id=7).get(REFUNDS).status_code == 404
    assert customer.post(REFUNDS, {}).status_code == 403


def test_a_repeated_request_refunds_once(shop: APIClient) -> None:
    answers = [shop.post(REFUNDS, {"amount": 5}, headers={"Idempotency-Key": "once"}) for _ in range(3)]
    assert {answer.json()["order_id"] for answer in answers} == {answers[0].json()["order_id"]}
    assert state(shop) == ("SUCCESS", "5.00", "PARTIALLY_REFUNDED")


def test_a_refund_decided_on_an_older_state_is_not_made(shop: APIClient) -> None:
    tag = shop.get("/transactions/A-1")["ETag"]
    assert shop.post(REFUNDS, {"amount": 5}, headers={"If-Match": tag}).status_code == 201
    assert shop.post(REFUNDS, {"amount": 5}, headers={"If-Match": tag}).status_code == 412
    assert state(shop)[1] == "5.00"


@pytest.mark.parametrize("order_id", ["A-1", "x" * 43, "y" * 64])
def test_nobody_takes_the_id_of_a_refund_beforehand(shop: APIClient, order_id: str) -> None:
    taken = [f"refund-{order_id}"[:64], "refund-A-1", "refund-A-1-2"]
    for each in {*taken, order_id} - {"A-1"}:
        shop.post("/transactions", ORDER | {"order_id": each})
    for _ in range(3):
        assert shop.post(f"/transactions/{order_id}/refunds", {"amount": 5}).status_code == 201
    assert shop.put(f"/transactions/{order_id}/status", {"status": "REFUNDED"}).status_code == 200


def test_the_outcome_of_a_refund_may_come_by_the_topic(shop: APIClient) -> None:
    ids = [shop.post(REFUNDS, {"amount": n, "status": "PENDING"}).json()["order_id"] for n in (5, 15)]
    kinds = {each.order_id: each for each in told() if isinstance(each, events.Transaction)}
    failed, paid = (kinds[each] for each in ids)

    def tell(event: Any, status: Status) -> None:
        values = {name: getattr(event, name) for name in ("order_id", "user_id", "amount", "timestamp")}
        record(received=records(events.Transaction(**values, status=status)))

    tell(failed, Status.FAILED)
    assert state(shop) == ("SUCCESS", "15.00", "PARTIALLY_REFUNDED")
    shop.post(REFUNDS, {})
    tell(paid, Status.SUCCESS)
    assert state(shop) == ("REFUNDED", "20.00", "REFUNDED")


def test_rows_that_were_lost_come_back_as_refunds_of_their_order(shop: APIClient) -> None:
    shop.post(REFUNDS, {"amount": 5})
    shop.post(REFUNDS, {"amount": 3})
    before = list(Transaction.objects.order_by("order_id").values("order_id", "refund_of", "refunded_amount", "status"))
    lost = [each for each in told() if isinstance(each, events.Transaction)]
    Transaction.objects.all().delete()
    OutboxMessage.objects.all().delete()
    restore(lost=records(*lost), statuses={})
    after = list(Transaction.objects.order_by("order_id").values("order_id", "refund_of", "refunded_amount", "status"))
    assert after == before


def test_orders_refunded_before_amounts_were_kept_were_refunded_as_a_whole(db: None, shop: APIClient) -> None:
    shop.post("/transactions", ORDER | {"order_id": "B-1"})
    shop.put("/transactions/A-1/status", {"status": "REFUNDED"})
    Transaction.objects.update(refunded_amount=0)
    assert state(shop) == ("REFUNDED", "0.00", "REFUNDED")
    import_module("transactions.migrations.0005_amounts_refunded_before").note_refunded(apps, _Editor())
    amounts = dict(Transaction.objects.filter(kind="ORDER").values_list("order_id", "refunded_amount"))
    assert amounts == {"A-1": Decimal("20.00"), "B-1": Decimal(0)}


class _Editor:
    connection = connection


steps = st.lists(
    st.tuples(st.just("refund"), st.none() | st.integers(1, 2500), st.sampled_from(["SUCCESS", "PENDING"]))
    | st.tuples(st.just("decide"), st.integers(0, 9), st.sampled_from(["SUCCESS", "FAILED"]))
    | st.tuples(st.just("whole"), st.none(), st.just("REFUNDED")),
    max_size=12,
)


@MANY
@given(steps=steps, cents=st.integers(0, 2500))
def test_refunds_never_exceed_their_order(shop: APIClient, steps: Any, cents: int) -> None:
    order_id = shop.post("/transactions", {"user_id": 1, "amount": f"{cents / 100:.2f}", "status": "SUCCESS"}).json()[
        "order_id"
    ]
    address = f"/transactions/{order_id}"
    made: list[str] = []
    for step, value, status in steps:
        if step == "refund":
            amount = {} if value is None else {"amount": f"{value / 100:.2f}"}
            answer = shop.post(f"{address}/refunds", {"status": status} | amount)
        elif step == "decide" and made:
            answer = shop.put(f"/transactions/{made[value % len(made)]}/status", {"status": status})
        else:
            answer = shop.put(f"{address}/status", {"status": "REFUNDED"})
        assert answer.status_code in (200, 201, 409)
        if answer.status_code == 201:
            made.append(answer.json()["order_id"])
        check(order_id)


def check(order_id: str) -> None:
    order = Transaction.objects.get(order_id=order_id)
    refunds = list(Transaction.objects.filter(refund_of=order_id))
    sums = {status: -sum((each.amount for each in refunds if each.status == status), Decimal(0)) for status in Status}
    assert order.refunded_amount == sums[Status.SUCCESS] + sums[Status.PENDING] <= order.amount
    if order.amount:
        assert (order.status == ChangedStatus.REFUNDED) == (sums[Status.SUCCESS] == order.amount)
    published = [each for each in told() if isinstance(each, events.Transaction)]
    assert {each.order_id for each in refunds} <= {each.order_id for each in published}


def test_reasons_are_kept_of_those_refunds_that_gave_one(shop: APIClient) -> None:
    refund = shop.post(REFUNDS, {"amount": 5, "reason": "DUPLICATE"}).json()["order_id"]
    assert list(RefundReason.objects.values_list("order_id", "reason")) == [(refund, "DUPLICATE")]
