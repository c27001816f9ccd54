"""Who changes an order and its refunds at the same moment by different doors, on MySQL: nobody waits for each other."""

import random
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

import events
from accounts.roles import Role
from events import Status
from tests.conftest import ClientAs
from tests.records import records
from tests.stack.meeting import BOTH_ARE_THERE_SECONDS, at_once, locks
from transactions.models import Transaction
from transactions.recording import record
from transactions.services import restore

pytestmark = pytest.mark.django_db(transaction=True)

Call = Callable[[], Any]


def deadlocks() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count FROM information_schema.innodb_metrics WHERE name = 'lock_deadlocks'")
        return int(cursor.fetchone()[0])


@pytest.fixture(autouse=True)
def no_deadlock(db: None) -> Iterator[None]:
    before = deadlocks()
    yield
    assert deadlocks() == before


@pytest.fixture
def shop(client_as: ClientAs) -> APIClient:
    client = client_as(Role.SHOP)
    for order_id in ("a-1", "a-2"):
        body = {"order_id": order_id, "user_id": 7, "amount": "1000.00", "status": "SUCCESS"}
        assert client.post("/transactions", body).status_code == 201
    return client


def pending(shop: APIClient, order_id: str = "a-1") -> str:
    answer = shop.post(f"/transactions/{order_id}/refunds", {"amount": 5, "status": "PENDING"})
    return str(answer.json()["order_id"])


def telling(order_id: str, status: Status) -> events.Transaction:
    row = Transaction.objects.get(order_id=order_id)
    return events.Transaction(order_id, row.user_id, float(row.amount), status, row.timestamp)


def putting(shop: APIClient, refund: str, status: str) -> Call:
    return partial(shop.put, f"/transactions/{refund}/status", {"status": status})


def putting_if_unchanged(shop: APIClient, refund: str, status: str) -> Call:
    headers = {"If-Match": shop.get(f"/transactions/{refund}")["ETag"]}
    return partial(shop.put, f"/transactions/{refund}/status", {"status": status}, headers=headers)


def recording(shop: APIClient, refund: str, status: str) -> Call:
    return partial(record, received=records(telling(refund, Status(status))))


def restoring(shop: APIClient, refund: str, status: str) -> Call:
    return partial(restore, lost=records(telling(refund, Status.PENDING)), statuses={})


DOORS = [putting, putting_if_unchanged, recording, restoring]


@pytest.mark.parametrize("door", DOORS[1:], ids=lambda door: door.__name__)
def test_an_outcome_by_the_api_and_by_another_door_wait_in_one_direction(
    shop: APIClient, door: Callable[[APIClient, str, str], Call]
) -> None:
    refund = pending(shop)
    done = at_once([putting(shop, refund, "SUCCESS"), door(shop, refund, "FAILED")], locks(Transaction))
    assert [each for each in done if isinstance(each, Exception)] == []
    assert getattr(done[0], "status_code", 0) in (200, 409)
    kept = {"SUCCESS": Decimal(5), "FAILED": Decimal(0)}
    outcome = Transaction.objects.get(order_id=refund).status
    assert Transaction.objects.get(order_id="a-1").refunded_amount == kept[outcome]


def test_two_batches_of_refunds_and_of_each_others_orders_wait_in_one_direction(shop: APIClient) -> None:
    first, second = pending(shop, "a-1"), pending(shop, "a-2")
    batches = [
        records(telling(first, Status.SUCCESS), telling("a-2", Status.SUCCESS)),
        records(telling(second, Status.FAILED), telling("a-1", Status.SUCCESS), partition=1),
    ]
    done = at_once([partial(record, received=batch) for batch in batches], locks(Transaction))
    assert done == [[], []]
    refunded = dict(Transaction.objects.filter(kind="ORDER").values_list("order_id", "refunded_amount"))
    assert refunded == {"a-1": Decimal(5), "a-2": Decimal(0)}


def test_a_refund_that_fails_while_others_are_counted_is_not_counted(shop: APIClient) -> None:
    lost, failing = pending(shop), pending(shop)
    received = records(telling(lost, Status.PENDING))
    Transaction.objects.filter(order_id=lost).delete()
    fail = _closing(putting(shop, failing, "FAILED"))
    started: list[Future[Any]] = []

    def meanwhile(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        done = execute(sql, params, many, context)
        if "SUM(" in sql:
            started.append(others.submit(fail))
            wait(started, timeout=BOTH_ARE_THERE_SECONDS)
        return done

    with ThreadPoolExecutor(1) as others, connection.execute_wrapper(meanwhile):
        restore(lost=received, statuses={})
    assert [each.result().status_code for each in started] == [200]
    assert Transaction.objects.get(order_id="a-1").refunded_amount == Decimal(5)


def _closing(call: Call) -> Call:
    def run() -> Any:
        try:
            return call()
        finally:
            connection.close()

    return run


def test_many_doors_on_few_orders_never_lock_each_other_out(shop: APIClient) -> None:
    chance = random.Random(1)
    for _ in range(30):
        refunds = [pending(shop, order_id) for order_id in ("a-1", "a-2", "a-1")]
        doors = [chance.choice(DOORS)(shop, refund, chance.choice(["SUCCESS", "FAILED"])) for refund in refunds * 2]
        doors.append(partial(shop.post, "/transactions/a-1/refunds", {"amount": "0.01"}))
        doors.append(partial(record, received=records(*(telling(each, Status.SUCCESS) for each in ("a-2", "a-1")))))
        chance.shuffle(doors)
        with ThreadPoolExecutor(len(doors)) as pool:
            done = list(pool.map(lambda call: _closing(call)(), doors))
        statuses = {each.status_code for each in done if hasattr(each, "status_code")}
        assert statuses <= {200, 201, 409, 412}
        for refund in refunds:
            shop.put(f"/transactions/{refund}/status", {"status": "FAILED"})
        _refunds_come_to_what_orders_say()


def _refunds_come_to_what_orders_say() -> None:
    for order in Transaction.objects.filter(kind="ORDER"):
        standing = Transaction.objects.filter(refund_of=order.order_id).exclude(status="FAILED")
        assert -sum(standing.values_list("amount", flat=True)) == order.refunded_amount <= order.amount
