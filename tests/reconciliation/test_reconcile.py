"""What is compared, found and mended, on a real broker and database."""

from datetime import timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient
from django.core.management import CommandError, call_command
from django.db.models import F

from analytics.models import HourlyTotal, ShopHour
from analytics.services import add_to_hourly_totals, correct_shop_hours
from analytics.windows import SUMS, hourly_totals
from events import AlertStatus, ChangedStatus, Status, Transaction
from events.money import from_cents
from fraud.models import FraudAlert
from fraud.services import raise_alerts
from reconciliation.comparison import Comparison, Result
from reconciliation.models import ComparisonRun
from reconciliation.services import reconcile
from reconciliation.tasks import reconcile as task
from streaming import clients
from streaming.clients import Outgoing, send_all
from streaming.dead_letters.addresses import address
from streaming.inspecting.lag import end_offsets
from streaming.models import OutboxMessage
from streaming.topics import Topic
from tests.reconciliation.conftest import TWO, Shop
from tests.records import recorded
from transactions.models import Transaction as Row
from transactions.refund_rules import NewRefundStatus
from transactions.refunds import refund_order

AT_ONCE = timedelta(0)
ON_EMBEDDED_PARTS = [each for each in Comparison if each is not Comparison.DOCUMENTS]


def compared(*, repair: bool = False, settle: timedelta = AT_ONCE) -> dict[Comparison, Result]:
    return {result.comparison: result for result in reconcile(settle=settle, repair=repair)[1]}


def mismatches(**options: Any) -> dict[Comparison, list[str]]:
    return {each: result.examples for each, result in compared(**options).items() if result.mismatches}


def an_order(order_id: str, amount: float = 1.0, user: int = 3) -> Transaction:
    return Transaction(order_id, user, amount, Status.SUCCESS, TWO)


def test_all_agree_after_a_days_business(day: Shop) -> None:
    results = compared()
    assert {each: (result.expected, result.found, result.mismatches) for each, result in results.items()} == {
        Comparison.ROWS: (112, 112, 0),
        Comparison.EVENTS: (112, 112, 0),
        Comparison.STATUSES: (8, 8, 0),
        Comparison.REFUNDS: (1, 1, 0),
        Comparison.TOTALS: (112, 112, 0),
        Comparison.HOURS: (112, 112, 0),
        Comparison.ALERTS: (1, 1, 0),
    }


def test_deleted_rows_are_named_and_come_back_as_they_were(day: Shop) -> None:
    refund = Row.objects.get(refund_of="p-0").order_id
    lost = ["k-42", "p-0", "p-7", refund]
    columns = ("order_id", "user_id", "amount", "status", "timestamp", "kind", "refund_of", "refunded_amount")
    before = list(Row.objects.filter(order_id__in=lost).order_by("order_id").values(*columns))
    Row.objects.filter(order_id__in=lost).delete()
    found = mismatches()
    assert {each: sorted(examples) for each, examples in found.items()} == {
        Comparison.ROWS: [f"{order_id}: no row" for order_id in lost]
    }
    waiting = OutboxMessage.objects.count()
    assert mismatches(repair=True) == {}
    assert list(Row.objects.filter(order_id__in=lost).order_by("order_id").values(*columns)) == before
    assert OutboxMessage.objects.count() == waiting


def test_a_row_that_was_changed_behind_our_back_is_named_and_left_to_people(day: Shop) -> None:
    Row.objects.filter(order_id="k-1").update(amount=F("amount") + 1)
    Row.objects.filter(order_id="k-2").update(timestamp=TWO + timedelta(days=3))
    for examples in mismatches(repair=True).values():
        assert sorted(examples) == [f"k-{n}: another user, amount or time than any that was published" for n in (1, 2)]


def test_a_row_that_nobody_was_told_of_is_named_and_told_of_by_nobody(day: Shop) -> None:
    day.post(an_order("p-untold"))
    OutboxMessage.objects.all().delete()
    assert mismatches(repair=True) == {Comparison.EVENTS: ["p-untold: not in the topic"]}
    assert not OutboxMessage.objects.exists()
    # What is not compared is not mended either.
    Row.objects.filter(order_id="k-1").delete()
    reconcile(settle=AT_ONCE, repair=True, only=[Comparison.EVENTS])
    assert not Row.objects.filter(order_id="k-1").exists()


def test_a_row_behind_its_told_status_is_named_and_one_ahead_is_not(day: Shop) -> None:
    day.change("p-1", ChangedStatus.REFUNDED)
    Row.objects.filter(order_id="p-2").update(status=ChangedStatus.PENDING)
    assert mismatches()[Comparison.STATUSES] == ["p-2: not SUCCESS yet"]


def give_back(order_id: str, *cents: int, status: NewRefundStatus = NewRefundStatus.SUCCESS) -> list[str]:
    amounts = (from_cents(each) for each in cents)
    return [refund_order(order_id=order_id, amount=each, status=status).refund.order_id for each in amounts]


def test_orders_that_say_another_amount_than_their_refunds_come_to_are_named(day: Shop) -> None:
    give_back("p-1", 10, 20)
    give_back("p-2", 30)
    give_back("p-3", 40)
    (failing,) = give_back("p-4", 50, status=NewRefundStatus.PENDING)
    day.change(failing, ChangedStatus.FAILED)
    day.work()
    assert (compared()[Comparison.REFUNDS].expected, mismatches()) == (4, {})
    Row.objects.filter(order_id="p-1").update(refunded_amount="0.29")
    Row.objects.filter(order_id="p-2").update(refunded_amount=0)
    Row.objects.filter(order_id="p-3").update(refunded_amount="0.41")
    Row.objects.filter(order_id="p-5").update(refunded_amount="0.01")
    assert mismatches() == {
        Comparison.REFUNDS: [
            "p-1: says that 0.29 EUR were refunded, its refunds come to 0.30 EUR",
            "p-2: says that 0.00 EUR were refunded, its refunds come to 0.30 EUR",
            "p-3: says that 0.41 EUR were refunded, its refunds come to 0.40 EUR",
            "p-5: says that 0.01 EUR were refunded, its refunds come to 0.00 EUR",
        ]
    }
    # Who says too little could give back too much; of who says too much, refunds may be lost.
    assert [each[:3] for each in mismatches(repair=True)[Comparison.REFUNDS]] == ["p-3", "p-5"]
    says = dict(Row.objects.filter(order_id__in=["p-1", "p-2"]).values_list("order_id", "refunded_amount"))
    assert says == {"p-1": Decimal("0.30"), "p-2": Decimal("0.30")}


def test_a_refund_whose_order_is_gone_and_an_order_whose_refund_is_are_named(day: Shop) -> None:
    (refund,) = give_back("p-1", 10)
    day.work()
    whole = Row.objects.get(refund_of="p-0").order_id
    Row.objects.filter(order_id__in=["p-0", refund]).delete()
    found = mismatches()
    assert found[Comparison.REFUNDS] == [
        "p-0: it is not there, its refunds come to 10.10 EUR",
        "p-1: says that 0.10 EUR were refunded, its refunds come to 0.00 EUR",
    ]
    assert sorted(found[Comparison.ROWS]) == ["p-0: no row", f"{refund}: no row"]
    assert mismatches(repair=True) == {}
    assert Row.objects.get(pk=Row.objects.get(order_id=whole).pk).refund_of == "p-0"


def test_totals_that_are_off_by_one_are_named_and_mended(day: Shop) -> None:
    columns = ["total_cents", "transaction_count", "settled_cents", "refunded_cents"]
    right = {row.user_id: row for row in HourlyTotal.objects.filter(hour=TWO, user_id__lt=4)}
    for user_id, column in enumerate(columns):
        HourlyTotal.objects.filter(pk=right[user_id].pk).update(**{column: F(column) + 1})
    named = {
        f"user {user_id} 2026-11-22T14: {column} {getattr(right[user_id], column) + 1} instead of "
        f"{getattr(right[user_id], column)}"
        for user_id, column in enumerate(columns)
    }
    assert {each: set(examples) for each, examples in mismatches().items()} == {
        Comparison.TOTALS: named,
        Comparison.HOURS: {"2026-11-22T14: total_cents lacks 1 of what its users have"},
    }
    assert mismatches(repair=True) == {}
    for user_id, column in enumerate(columns):
        assert getattr(HourlyTotal.objects.get(pk=right[user_id].pk), column) == getattr(right[user_id], column)


def test_two_totals_that_are_off_by_the_same_are_both_named(day: Shop) -> None:
    HourlyTotal.objects.filter(hour=TWO, user_id=3).update(total_cents=F("total_cents") + 1)
    HourlyTotal.objects.filter(hour=TWO, user_id=4).update(total_cents=F("total_cents") - 1)
    assert compared()[Comparison.TOTALS].mismatches == 2


def test_a_total_that_is_gone_and_one_out_of_nothing_are_mended(day: Shop) -> None:
    HourlyTotal.objects.filter(user_id=3, hour=TWO).delete()
    HourlyTotal.objects.create(user_id=99, hour=TWO, total_cents=7, transaction_count=1)
    assert mismatches(repair=True) == {}
    assert HourlyTotal.objects.get(user_id=3, hour=TWO).total_cents > 0


def test_an_hour_of_the_shop_that_its_users_do_not_come_to_is_named_and_mended(day: Shop) -> None:
    later = TWO + timedelta(hours=1)
    right = {row.hour: row.total_cents for row in ShopHour.objects.all()}
    ShopHour.objects.filter(hour=TWO).update(refunded_cents=F("refunded_cents") + 3)
    ShopHour.objects.filter(hour=later).delete()
    ShopHour.objects.create(hour=TWO - timedelta(hours=1), **dict.fromkeys(SUMS, 1))
    assert mismatches() == {
        Comparison.HOURS: [
            "2026-11-22T13: total_cents lacks -1 of what its users have",
            "2026-11-22T14: refunded_cents lacks -3 of what its users have",
            f"2026-11-22T15: total_cents lacks {right[later]} of what its users have",
        ]
    }
    assert mismatches(repair=True) == {}
    assert {row.hour: row.total_cents for row in ShopHour.objects.filter(hour__gte=TWO)} == right


def test_an_aggregator_that_is_behind_is_no_mismatch_and_mending_counts_nothing_twice(day: Shop) -> None:
    day.send(an_order("k-new", 5), an_order("k-newer", 6))
    day.work(add_up=False)
    right = HourlyTotal.objects.get(user_id=3, hour=TWO).total_cents
    HourlyTotal.objects.filter(user_id=3, hour=TWO).update(total_cents=0)
    assert mismatches(repair=True) == {}
    day.work()
    assert HourlyTotal.objects.get(user_id=3, hour=TWO).total_cents == right + 1100
    assert mismatches() == {}


def test_a_missing_alert_is_named_and_raised_again(day: Shop) -> None:
    FraudAlert.objects.all().delete()
    assert mismatches(repair=True) == {}
    assert FraudAlert.objects.get().order_id == "k-huge"
    assert OutboxMessage.objects.get().topic == "fraud.alerts"


def test_what_may_be_on_its_way_is_no_mismatch(day: Shop) -> None:
    day.send(an_order("k-huge-too", 20_000_000))
    day.post(an_order("p-new"))
    assert mismatches(settle=timedelta(seconds=60)) == {}
    assert set(mismatches()) == {Comparison.ROWS, Comparison.EVENTS, Comparison.ALERTS}


def test_a_record_that_was_sent_through_again_for_one_group_concerns_it_alone(day: Shop) -> None:
    value = clients.codec().encode(an_order("k-buried", 20_000_000))
    send_all(
        clients.producer(), [Outgoing("transactions", b"3", value, address("transactions", b"3", value, ["fraud"]))]
    )
    Row.objects.filter(order_id="k-0").delete()  # of the same minute
    assert mismatches() == {Comparison.ROWS: ["k-0: no row"], Comparison.ALERTS: ["k-buried: no alert"]}


def test_what_no_group_can_read_is_passed_over(day: Shop) -> None:
    send_all(clients.producer(), [Outgoing("transactions", b"3", b"no event")])
    assert mismatches() == {}


def test_once_topics_are_shortened_only_what_they_still_hold_is_compared(day: Shop, kafka: AdminClient) -> None:
    for (topic, number), end in end_offsets(kafka, [("transactions", n) for n in range(3)]).items():
        for done in kafka.delete_records([TopicPartition(topic, number, end)]).values():
            done.result()
    # Of what is gone nobody can say any more whether it was right.
    Row.objects.filter(order_id="k-42").delete()
    HourlyTotal.objects.filter(user_id=3).delete()
    correct_shop_hours(hours=ShopHour.objects.values_list("hour", flat=True))
    assert mismatches() == {}
    day.send(*(an_order(f"k-later-{n}", user=n) for n in range(30)))
    day.send(*(an_order(f"k-last-{n}", user=n) for n in range(30)))
    day.work()
    scope, _ = reconcile(settle=AT_ONCE)
    assert scope.kept_since is not None
    Row.objects.filter(order_id="k-last-4").delete()
    assert mismatches() == {Comparison.ROWS: ["k-last-4: no row"]}
    assert mismatches(repair=True) == {}


def test_the_command_shows_a_table_and_fails_only_on_what_is_left(day: Shop) -> None:
    shown = StringIO()
    call_command("reconcile", "--settle", "0", stdout=shown)
    assert "All agree." in shown.getvalue()
    FraudAlert.objects.all().delete()
    day.post(an_order("p-untold"))
    OutboxMessage.objects.all().delete()
    with pytest.raises(CommandError, match="1 mismatches are left"):
        call_command("reconcile", "--settle", "0", "--repair", stdout=shown)
    assert "p-untold: not in the topic" in shown.getvalue()
    call_command("reconcile", "--settle", "0", "--only", "alerts", stdout=StringIO())


def test_how_it_went_is_kept_once_for_each_comparison(day: Shop) -> None:
    FraudAlert.objects.all().delete()
    for _ in range(2):
        compared()
    runs = {run.comparison: (run.mismatches, run.examples) for run in ComparisonRun.objects.all()}
    assert runs == {each.value: (0, []) for each in ON_EMBEDDED_PARTS} | {"alerts": (1, ["k-huge: no alert"])}
    reconcile(settle=AT_ONCE, repair=True, only=[Comparison.ALERTS])
    assert set(ComparisonRun.objects.values_list("comparison", "mismatches")) == {(each, 0) for each in runs}


def test_celery_compares_and_mends_nothing(day: Shop) -> None:
    FraudAlert.objects.all().delete()
    assert task() == 0  # all is younger than a minute
    assert not FraudAlert.objects.exists()
    assert ComparisonRun.objects.count() == len(ON_EMBEDDED_PARTS)


def as_before_the_table_decided(*orders: Transaction) -> None:
    """Every telling in the topic, under whatever key, and counted and watched as it came; the first one recorded."""
    for n, order in enumerate(orders):
        send_all(clients.producer(), [Outgoing(Topic.TRANSACTIONS, f"key {n}".encode(), clients.codec().encode(order))])
        add_to_hourly_totals(totals=hourly_totals([order]))
    raise_alerts(received=orders)
    recorded(orders[0])


def test_an_order_that_old_versions_counted_on_several_partitions_is_named_and_mended(day: Shop) -> None:
    as_before_the_table_decided(*[an_order("twice", 7.0)] * 4)
    assert list(mismatches()) == [Comparison.TOTALS]
    assert mismatches(repair=True) == {}


def test_what_contradicts_the_table_is_taken_out_of_totals_and_alerts_that_old_versions_wrote(day: Shop) -> None:
    as_before_the_table_decided(
        an_order("edited", 9.0), an_order("edited", 2e7), an_order("edited", 5.0, user=4),
        Transaction("edited", 3, 9.0, Status.SUCCESS, TWO + timedelta(hours=5)),
    )  # fmt: skip
    found = mismatches()
    assert list(found) == [Comparison.ALERTS, Comparison.TOTALS]
    assert found[Comparison.ALERTS] == ["edited: an alert about something else than is recorded"]
    assert mismatches(repair=True) == {}
    assert FraudAlert.objects.get(order_id="edited").status == AlertStatus.DISMISSED


def test_tellings_that_were_refused_or_taken_back_are_no_mismatch(day: Shop) -> None:
    day.send(an_order("a", 1.0), an_order("a", 2.0), an_order("a", 3.0, user=5), an_order("k-3", 2e7, user=1))
    day.work()
    day.work()
    assert mismatches() == {}


def test_a_telling_that_was_refused_is_no_mismatch_where_another_row_of_its_minute_is_lost(day: Shop) -> None:
    day.send(an_order("k-3", 2e7))
    day.work()
    Row.objects.filter(order_id="k-0").delete()
    assert mismatches() == {Comparison.ROWS: ["k-0: no row"]}


def test_a_correction_on_its_way_is_no_mismatch_and_not_made_twice(day: Shop) -> None:
    day.send(an_order("a", 1.0))
    day.work()
    day.send(an_order("a", 3.0, user=5))
    day.work(relay=False)
    assert mismatches(repair=True) == {}
    day.work()
    assert mismatches() == {}
