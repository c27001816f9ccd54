"""Two at once on one row of MySQL: exactly one wins, and the other is told so.

Both have their row in hand before either writes, since the second one to come waits for the first one's lock: SQLite,
which lets one in at a time from the start, cannot prove it.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from rest_framework.test import APIClient

import events
from accounts.roles import Role
from analytics.models import HourlyTotal, ShopHour
from analytics.selectors import shop_hours, sums_by_hour
from analytics.services import add_to_hourly_totals, correct_hourly_totals
from analytics.windows import Sums
from database.inserting import ROWS_PER_STATEMENT
from events import AlertStatus, Status
from events import Transaction as Order
from fraud import services
from fraud.models import AlertCount, AlertEntry, FraudAlert
from streaming.consuming.deduplication import SeenEvents
from streaming.consuming.exactly_once import apply_once
from streaming.consuming.saved_chunks import SavedChunks
from streaming.models import AppliedOffset, OutboxMessage
from streaming.partitioner import Partition
from streaming.records import Batch, Record
from tests.conftest import ClientAs
from tests.stack.meeting import at_once, reads, writes_to
from transactions.models import Transaction

pytestmark = pytest.mark.django_db(transaction=True)

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_of_two_outcomes_at_once_one_is_taken_and_the_other_gets_the_conflict(client_as: ClientAs) -> None:
    shop: APIClient = client_as(Role.SHOP)
    body = {"order_id": "a-1", "user_id": 7, "amount": "12.50", "status": "PENDING"}
    assert shop.post("/transactions", body).status_code == 201
    OutboxMessage.objects.all().delete()
    puts = [partial(shop.put, "/transactions/a-1/status", {"status": to}) for to in ("SUCCESS", "FAILED")]
    answers = at_once(puts, reads(Transaction))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    (taken,) = [answer.json()["status"] for answer in answers if answer.status_code == 200]
    assert Transaction.objects.get().status == taken
    assert OutboxMessage.objects.count() == 1


def test_of_two_who_take_an_alert_at_once_one_gets_it_and_the_other_is_told_who(db: None) -> None:
    alert = FraudAlert.objects.create(order_id="a-1", user_id=7, amount=20_000_000, timestamp=NOON, rule="HIGH_AMOUNT")
    people = [User.objects.create_user(name) for name in ("amelia", "boris")]
    done = at_once([partial(services.take, alert=alert, by=by) for by in people], reads(FraudAlert))
    (refused,) = [each for each in done if isinstance(each, services.NotAllowed)]
    (taken,) = [each for each in done if each is not refused]
    alert.refresh_from_db()
    assert (alert.status, alert.assignee) == (AlertStatus.INVESTIGATING, taken.assignee)
    assert taken.assignee.username in str(refused)
    assert AlertEntry.objects.count() == 1


TOTALS = {(user, NOON): Sums(1, 1) for user in range(2 * ROWS_PER_STATEMENT)}


@pytest.mark.parametrize(
    "write",
    [
        lambda sums: add_to_hourly_totals(totals=sums),
        lambda sums: correct_hourly_totals(by=dict([*sums.items()][:: len(sums) - 1])),
    ],
    ids=["adding", "correcting"],
)
def test_two_who_bring_sums_in_opposite_orders_do_not_wait_for_each_other(write: Callable[[Any], object]) -> None:
    add_to_hourly_totals(totals=TOTALS)
    backwards = dict(reversed(TOTALS.items()))
    done = at_once([lambda: write(TOTALS), lambda: write(backwards)], writes_to(HourlyTotal))
    assert [each for each in done if isinstance(each, Exception)] == []
    first, last = HourlyTotal.objects.order_by("user_id")[:: len(TOTALS) - 1]
    assert (first.transaction_count, last.transaction_count) == (3, 3)


@pytest.mark.parametrize("partitions", [2, 6])
def test_processes_that_have_different_partitions_do_not_wait_for_each_other(partitions: int) -> None:
    # The fewer rows there are, the rather MySQL would read, and lock, all of them.
    seen = [SeenEvents(1000, nothing, SavedChunks("totals", lambda partition, end: None)) for _ in range(2)]

    def apply(process: int, offset: int) -> None:
        told = [record(partition, offset) for partition in range(process, partitions, 2)]
        with apply_once("totals", Batch(told), seen[process]):
            pass

    def meanwhile() -> None:
        try:
            apply(1, 4)
        finally:
            connection.close()

    for offset in range(4):
        apply(0, offset)
        apply(1, offset)
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        apply(0, 4)
        pool.submit(meanwhile).result(timeout=15)
    assert {row.next_offset for row in AppliedOffset.objects.all()} == {5}


def record(partition: int, offset: int) -> Record[Any]:
    event = events.Transaction(f"a-{offset}", 7, 1.0, events.Status.SUCCESS, NOON)
    return Record(event, "transactions", partition, offset, NOON)


def nothing(partition: Partition, begin: int, end: int) -> Iterable[tuple[str, int]]:
    return []


def test_two_who_add_to_the_shops_hours_in_opposite_orders_do_not_wait_for_each_other(db: None) -> None:
    hours = [NOON + timedelta(hours=number) for number in range(50)]
    add_to_hourly_totals(totals={(user, hour): Sums(1, 1) for user in (1, 2) for hour in hours})
    one = {(1, hour): Sums(1, 1) for hour in hours}
    other = {(2, hour): Sums(1, 1) for hour in reversed(hours)}
    writes = [lambda: add_to_hourly_totals(totals=one), lambda: correct_hourly_totals(by=other)]
    done = at_once(writes, writes_to(ShopHour))
    assert [each for each in done if isinstance(each, Exception)] == []
    assert shop_hours() == sums_by_hour() == dict.fromkeys(hours, Sums(4, 4))


def test_of_alerts_that_are_taken_at_once_each_is_counted(db: None) -> None:
    by = User.objects.create_user("amelia")
    received = [Order(f"a-{n}", 7, 20_000_000, Status.SUCCESS, NOON) for n in range(2)]
    services.raise_alerts(received=received)
    taking = [partial(services.take, alert=alert, by=by) for alert in FraudAlert.objects.all()]
    raising = partial(services.raise_alerts, received=[Order("a-9", 7, 20_000_000, Status.SUCCESS, NOON)])
    done = at_once([*taking, raising], writes_to(AlertCount))
    assert [each for each in done if isinstance(each, Exception)] == []
    counts = dict(AlertCount.objects.values_list("status", "alerts"))
    assert counts == {"OPEN": 1, "INVESTIGATING": 2}


@pytest.mark.parametrize("keys", [True, False], ids=["with keys", "without keys"])
def test_of_fifty_refunds_at_once_no_more_are_made_than_the_order_is_over(client_as: ClientAs, keys: bool) -> None:
    shop: APIClient = client_as(Role.SHOP)
    shop.post("/transactions", {"order_id": "a-1", "user_id": 7, "amount": "12.50", "status": "SUCCESS"})

    def refund(number: int) -> Any:
        named = {"Idempotency-Key": f"k-{number}"} if keys else {}
        return shop.post("/transactions/a-1/refunds", {"amount": "1.00"}, headers=named)

    answers = at_once([partial(refund, number) for number in range(50)], reads(Transaction))
    assert [each for each in answers if isinstance(each, Exception)] == []
    assert sorted(answer.status_code for answer in answers) == [201] * 12 + [409] * 38
    assert shop.post("/transactions/a-1/refunds", {}).json()["amount"] == "-0.50"
    assert Transaction.objects.get(order_id="a-1").status == "REFUNDED"
    assert OutboxMessage.objects.count() == 1 + 13 + 1
