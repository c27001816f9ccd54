"""However orders are told and in whatever order workers get on: at the end all stages have taken the same tellings."""

import os
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import override_settings
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.models import HourlyTotal
from events import AlertStatus, ChangedStatus, Status, Transaction
from events.money import to_cents
from fraud.models import FraudAlert
from notifications.messages import Kind as Told
from notifications.models import Notification
from tests.truth.shop import PARTITIONS, READS, Shop
from transactions.models import Kind
from transactions.models import Transaction as Row

MORNING = datetime(2026, 11, 22, 9, tzinfo=UTC)
LIMIT = to_cents(10_000_000)

tellings = st.builds(
    Transaction,
    order_id=st.sampled_from(["a", "b"]),
    user_id=st.sampled_from([1, 2, 3]),  # 1 and 3 share a partition
    amount=st.sampled_from([10.0, 20_000_000.0, 30_000_000.01]),
    status=st.sampled_from(Status),
    timestamp=st.sampled_from([MORNING, MORNING + timedelta(hours=2)]),
)
partitions = st.integers(0, PARTITIONS - 1)
steps = st.one_of(
    st.tuples(st.just("send"), tellings, st.one_of(st.none(), partitions)),
    st.tuples(st.just("post"), tellings),
    st.tuples(st.just("put"), st.sampled_from(["a", "b"]), st.sampled_from(ChangedStatus)),
    st.tuples(st.just("relay"), st.integers(1, 3)),
    st.tuples(st.just("work"), st.sampled_from(sorted(READS)), partitions, st.integers(1, 3)),
    st.tuples(st.just("deliver_again"), st.sampled_from(sorted(READS)), partitions, st.integers(1, 3)),
)


@pytest.mark.django_db
@settings(deadline=None, max_examples=int(os.environ.get("EXAMPLES", "150")))
@given(story=st.lists(steps, max_size=25), window=st.sampled_from([1, 1000]), columns=st.booleans())
def test_all_stages_end_with_the_same(story: list[tuple[Any, ...]], window: int, columns: bool) -> None:
    with override_settings(SEEN_EVENTS_PER_PARTITION=window), transaction.atomic():
        shop = Shop(window, columns)
        for name, *arguments in story:
            getattr(shop, name)(*arguments)
        shop.work_to_the_end()
        rows = list(Row.objects.all())
        assert totals_of_users() == totals_of(rows)
        assert alerts() == {(row.order_id, row.user_id, row.amount) for row in rows if to_cents(row.amount) > LIMIT}
        assert mistakes_told(rows) <= reversals_told()
        transaction.set_rollback(True)


def mistakes_told(rows: list[Row]) -> set[tuple[str, str]]:
    """Recipient and order id of everything told to customers that no row bears out."""
    told = Notification.objects.filter(recipient__startswith="customer:").exclude(kind=Told.ORDER_REVERSED)
    return {
        (each.recipient, each.order_id)
        for each in told
        if not any(
            each.recipient == f"customer:{row.user_id}"
            and each.order_id == row.order_id
            and f"{abs(row.amount):,.2f}" in each.text
            for row in rows
        )
    }


def reversals_told() -> set[tuple[str, str]]:
    return set(Notification.objects.filter(kind=Told.ORDER_REVERSED).values_list("recipient", "order_id"))


def totals_of_users() -> Counter[tuple[int, str]]:
    """User and figure → the sum over all hours; total and count also by the hour."""
    sums: Counter[tuple[int, str]] = Counter()
    for row in HourlyTotal.objects.all():
        sums[row.user_id, f"total {row.hour:%H}"] += row.total_cents
        sums[row.user_id, f"count {row.hour:%H}"] += row.transaction_count
        sums[row.user_id, "settled"] += row.settled_cents
        sums[row.user_id, "failed"] += row.failed_cents
        sums[row.user_id, "refunded"] += row.refunded_cents
    return Counter({key: value for key, value in sums.items() if value})


def totals_of(rows: list[Row]) -> Counter[tuple[int, str]]:
    sums: Counter[tuple[int, str]] = Counter()
    for row in rows:
        cents = to_cents(row.amount)
        sums[row.user_id, f"total {row.timestamp:%H}"] += cents
        sums[row.user_id, f"count {row.timestamp:%H}"] += 1
        paid = row.status in (ChangedStatus.SUCCESS, ChangedStatus.REFUNDED)
        sums[row.user_id, "settled"] += cents if paid and row.kind == Kind.ORDER else 0
        sums[row.user_id, "failed"] += cents if row.status == ChangedStatus.FAILED else 0
        sums[row.user_id, "refunded"] -= cents if row.kind == Kind.REFUND else 0
    return Counter({key: value for key, value in sums.items() if value})


def alerts() -> set[tuple[str, int, Any]]:
    standing = FraudAlert.objects.exclude(status=AlertStatus.DISMISSED)
    return set(standing.values_list("order_id", "user_id", "amount"))
