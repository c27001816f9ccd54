from dataclasses import replace
from datetime import UTC, datetime, timedelta

from events import Status, Transaction
from reconciliation.orders import Orders

NINE = datetime(2026, 11, 22, 9, tzinfo=UTC)
ORDER = Transaction("a-1", 1, 100.0, Status.SUCCESS, NINE)
PENDING = replace(ORDER, status=Status.PENDING)


def test_an_order_counts_once_however_often_it_is_told() -> None:
    orders = Orders()
    assert [list(orders.take(ORDER)) for _ in range(3)] == [[(ORDER, 1)], [], []]


def test_an_order_that_was_pending_entered_so_whichever_telling_is_read_first() -> None:
    orders = Orders()
    assert list(orders.take(ORDER)) == [(ORDER, 1)]
    assert list(orders.take(PENDING)) == [(ORDER, -1), (PENDING, 1)]
    assert not list(orders.take(ORDER))
    assert not orders.disputed


def test_what_was_told_differently_is_in_dispute_with_the_hours_of_all_tellings() -> None:
    orders = Orders()
    for telling in (ORDER, replace(ORDER, amount=5.0), replace(ORDER, timestamp=NINE + timedelta(hours=3, minutes=1))):
        list(orders.take(telling))
    list(orders.take(replace(ORDER, order_id="a-2")))
    assert orders.disputed == {"a-1": {NINE, NINE + timedelta(hours=3)}}


def test_other_events_count_once_too() -> None:
    orders = Orders()
    assert [orders.is_new("a-1 SUCCESS"), orders.is_new("a-1 SUCCESS"), orders.is_new("a-2 SUCCESS")] == [
        True, False, True,
    ]  # fmt: skip
