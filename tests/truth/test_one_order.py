"""What becomes of single tellings, by the workers' own handlers."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from analytics.models import HourlyTotal
from events import AlertStatus, ChangedStatus, Correction, Status, Transaction, TransactionStatusChanged
from fraud.models import AlertEntry, FraudAlert
from notifications.models import Notification
from streaming.partitioner import home_of
from tests.truth.shop import PARTITIONS, Shop
from transactions.models import CorrectedTelling
from transactions.models import Transaction as Row

pytestmark = pytest.mark.django_db

NINE = datetime(2026, 11, 22, 9, tzinfo=UTC)
ORDER = Transaction("a-1", 1, 100.0, Status.SUCCESS, NINE)
PENDING = replace(ORDER, status=Status.PENDING)
HUGE = replace(ORDER, amount=30_000_000.0)
OTHERS = replace(ORDER, user_id=next(user for user in range(2, 9) if home_of(user, 2) != home_of(1, 2)), amount=20.0)


@pytest.fixture(params=[False, True], ids=["row by row", "in columns"])
def shop(request: pytest.FixtureRequest) -> Shop:
    return Shop(window=1000, columns=request.param)


def totals() -> list[tuple[int, int, int, int]]:
    """User, total, count and settled of each hour."""
    rows = HourlyTotal.objects.order_by("user_id", "hour")
    return list(rows.values_list("user_id", "total_cents", "transaction_count", "settled_cents"))


def told() -> list[tuple[str, str]]:
    return list(Notification.objects.order_by("pk").values_list("recipient", "kind"))


def reasons(shop: Shop, group: str = "recorder") -> list[str]:
    return [reason for _, reason in shop.buried[group]]


@pytest.mark.parametrize("partition", range(PARTITIONS))
def test_an_order_on_any_partition_counts_once(shop: Shop, partition: int) -> None:
    shop.send(ORDER, partition)
    shop.send(ORDER)
    shop.send(ORDER, partition + 1)
    shop.work_to_the_end()
    assert Row.objects.count() == 1
    assert totals() == [(1, 10_000, 1, 10_000)]
    assert told() == [("customer:1", "ORDER_PAID")]
    assert not any(shop.buried.values())


@pytest.mark.parametrize("recorder_first", [True, False])
def test_another_amount_counts_nowhere_and_is_buried_once_with_both(shop: Shop, recorder_first: bool) -> None:
    for telling in (ORDER, HUGE):
        shop.send(telling)
        for group in ("recorder", "fraud") if recorder_first else ("fraud", "recorder"):
            shop.work(group, home_of(1, PARTITIONS))
    shop.work_to_the_end()
    assert [row.amount for row in Row.objects.all()] == [100]
    assert totals() == [(1, 10_000, 1, 10_000)]
    assert not FraudAlert.objects.exists()
    assert reasons(shop) == [
        "order a-1 is recorded already with another amount: 100.00 of user 1 at 2026-11-22T09:00:00.000+00:00, "
        "and this says 30000000.00 of user 1 at 2026-11-22T09:00:00.000+00:00"
    ]


def test_an_alert_about_what_turns_out_to_contradict_is_dismissed_with_the_reason(shop: Shop) -> None:
    shop.send(ORDER)
    shop.send(HUGE)
    shop.work("fraud", home_of(1, PARTITIONS))
    assert FraudAlert.objects.get().status == AlertStatus.OPEN
    shop.work_to_the_end()
    assert FraudAlert.objects.get().status == AlertStatus.DISMISSED
    assert "which is not what counts" in AlertEntry.objects.order_by("pk").last().note  # type: ignore[union-attr]


def test_of_two_users_one_has_the_order_and_the_other_is_told_of_the_mistake(shop: Shop) -> None:
    for telling in (ORDER, OTHERS):
        shop.send(telling)
    for number in range(PARTITIONS):
        shop.work("aggregator", number)
        shop.work("notifier", number)
    shop.work("recorder", home_of(1, PARTITIONS))
    shop.work_to_the_end()
    assert [(row.user_id, str(row.amount)) for row in Row.objects.all()] == [(1, "100.00")]
    assert totals() == [(1, 10_000, 1, 10_000)]
    other = f"customer:{OTHERS.user_id}"
    assert sorted(told()) == sorted([("customer:1", "ORDER_PAID"), (other, "ORDER_PAID"), (other, "ORDER_REVERSED")])
    assert [each.correction for each in CorrectedTelling.objects.all()] == [Correction.REVERSED]
    assert "with another user and amount" in reasons(shop)[0]


@pytest.mark.parametrize("winner", [ORDER, OTHERS])
def test_whoever_has_the_order_is_told_of_it_though_both_came_at_once(shop: Shop, winner: Transaction) -> None:
    for telling in (ORDER, OTHERS):
        shop.send(telling)
    shop.work_on_all("notifier")
    shop.work("recorder", home_of(winner.user_id, PARTITIONS))
    shop.work_to_the_end()
    loser = ORDER if winner is OTHERS else OTHERS
    reversed_for = {recipient for recipient, kind in told() if kind == "ORDER_REVERSED"}
    assert (f"customer:{winner.user_id}", "ORDER_PAID") in told()
    assert reversed_for == {f"customer:{loser.user_id}"}


def test_what_the_api_recorded_stands_although_the_topic_told_something_else_first(shop: Shop) -> None:
    shop.post(PENDING)
    shop.send(HUGE)
    for group in ("fraud", "aggregator", "recorder"):
        shop.work(group, home_of(1, PARTITIONS))
    shop.work_to_the_end()
    assert [(str(row.amount), row.status) for row in Row.objects.all()] == [("100.00", "PENDING")]
    assert totals() == [(1, 10_000, 1, 0)]
    assert not FraudAlert.objects.exclude(status=AlertStatus.DISMISSED).exists()


def test_an_order_told_again_as_paid_is_paid_once_in_every_stage(shop: Shop) -> None:
    shop.send(PENDING)
    shop.work_to_the_end()
    shop.send(ORDER)
    shop.send(ORDER, 0)
    shop.send(ORDER, 1)
    shop.work_to_the_end()
    assert [row.status for row in Row.objects.all()] == ["SUCCESS"]
    assert [row[1:] for row in totals() if row[2]] == [(10_000, 1, 0)]
    assert sum(row[3] for row in totals()) == 10_000
    assert told() == [("customer:1", "ORDER_CREATED"), ("customer:1", "ORDER_PAID")]
    assert not any(shop.buried.values())


def test_paid_by_the_topic_and_by_the_api_is_paid_once(shop: Shop) -> None:
    shop.post(PENDING)
    shop.work_to_the_end()
    shop.send(ORDER)
    shop.put("a-1", ChangedStatus.SUCCESS)
    shop.work_to_the_end()
    assert sum(row[3] for row in totals()) == 10_000


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        (Status.SUCCESS, Status.FAILED, "recorded as SUCCESS, and this says FAILED: only REFUNDED can follow"),
        (Status.FAILED, Status.SUCCESS, "recorded as FAILED, and this says SUCCESS: only nothing can follow"),
        (Status.SUCCESS, Status.PENDING, "recorded as SUCCESS, and this says PENDING: only REFUNDED can follow"),
    ],
)
def test_a_status_that_cannot_follow_contradicts(shop: Shop, first: Status, second: Status, why: str) -> None:
    shop.send(replace(ORDER, status=first))
    shop.work_to_the_end()
    before = (totals(), told())
    shop.send(replace(ORDER, status=second))
    shop.work_to_the_end()
    assert (totals(), told()) == before
    assert [row.status for row in Row.objects.all()] == [first]
    assert why in reasons(shop)[0]


def test_an_older_status_told_late_is_no_contradiction(shop: Shop) -> None:
    shop.post(PENDING)
    shop.put("a-1", ChangedStatus.SUCCESS)
    shop.work_to_the_end()
    assert not any(shop.buried.values())
    assert sum(row[3] for row in totals()) == 10_000


def test_a_payment_told_days_later_is_counted_once(shop: Shop, settings: object) -> None:
    settings.SEEN_EVENTS_PER_PARTITION = 5  # type: ignore[attr-defined]
    shop = Shop(window=5)
    shop.send(PENDING)
    for n in range(20):
        shop.send(replace(ORDER, order_id=f"b-{n}", user_id=1, amount=1.0, status=Status.FAILED))
    shop.send(ORDER)
    shop.work_to_the_end()
    shop.send(ORDER)  # and once more
    shop.work_to_the_end()
    assert sum(row[1] for row in totals()) == 10_000 + 20 * 100
    assert sum(row[2] for row in totals()) == 21
    assert sum(row[3] for row in totals()) == 10_000


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (TransactionStatusChanged("none", 1, 100.0, ChangedStatus.PENDING, ChangedStatus.SUCCESS, NINE), "no order"),
        (TransactionStatusChanged("a-1", 1, 100.0, ChangedStatus.PENDING, ChangedStatus.FAILED, NINE), "did not go"),
        (TransactionStatusChanged("a-1", 1, 101.0, ChangedStatus.PENDING, ChangedStatus.SUCCESS, NINE), "is over"),
        (TransactionStatusChanged("a-1", 3, 100.0, ChangedStatus.PENDING, ChangedStatus.SUCCESS, NINE), "of user 1"),
        (TransactionStatusChanged("a-1", 1, 100.0, ChangedStatus.SUCCESS, ChangedStatus.REFUNDED, NINE), "did not go"),
    ],
)
def test_a_change_that_the_table_did_not_make_adds_nothing(
    shop: Shop, change: TransactionStatusChanged, why: str
) -> None:
    shop.post(PENDING)
    shop.put("a-1", ChangedStatus.SUCCESS)
    shop.work_to_the_end()
    before = (totals(), told())
    shop.send(change)
    shop.work_to_the_end()
    assert (totals(), told()) == before
    assert [len(shop.buried[group]) for group in ("aggregator", "notifier")] == [1, 1]
    assert why in reasons(shop, "aggregator")[0]


def test_a_correction_that_the_platform_did_not_tell_takes_nothing_back(shop: Shop) -> None:
    shop.send(ORDER)
    shop.send(OTHERS)
    shop.work_to_the_end()
    (ours,) = [record.event for stretch in shop.log.values() for record in stretch if record.topic.endswith("ections")]
    before = totals()
    shop.send(replace(ours, amount=ours.amount + 1))
    shop.send(ours, partition=home_of(ours.user_id, PARTITIONS) + 1)
    shop.work_to_the_end()
    assert totals() == before
    assert len(shop.buried["aggregator"]) == 2


def test_what_is_delivered_again_is_reported_again_and_changes_nothing(shop: Shop) -> None:
    for telling in (PENDING, ORDER, HUGE, OTHERS):
        shop.send(telling)
        shop.work_to_the_end()
    before, count = totals(), CorrectedTelling.objects.count()
    for group in ("recorder", "aggregator", "fraud", "notifier"):
        for number in range(PARTITIONS):
            shop.deliver_again(group, number, 10)
    shop.work_to_the_end()
    assert (totals(), CorrectedTelling.objects.count()) == (before, count)
    assert len(set(reasons(shop))) == 2
    assert len(reasons(shop)) == 4


def test_half_cents_on_the_wire_are_rounded_alike_in_every_stage(shop: Shop) -> None:
    shop.send(replace(ORDER, amount=10_000_000.004))
    shop.send(replace(ORDER, order_id="a-2", amount=10_000_000.006, timestamp=NINE + timedelta(hours=1)))
    shop.work_to_the_end()
    assert [str(row.amount) for row in Row.objects.order_by("order_id")] == ["10000000.00", "10000000.01"]
    assert [row[1] for row in totals()] == [1_000_000_000, 1_000_000_001]
    assert [str(alert.amount) for alert in FraudAlert.objects.all()] == ["10000000.01"]
