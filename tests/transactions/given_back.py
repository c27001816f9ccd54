"""What every database has to answer of what was given back."""

from datetime import UTC, datetime
from decimal import Decimal
from functools import partial

import pytest

from database.portions import portions_of_table
from events import ChangedStatus, Status, Transaction
from transactions import given_back
from transactions.given_back import GivenBack, differing_orders, given_back_of
from transactions.models import Transaction as Row
from transactions.refund_rules import NewRefundStatus
from transactions.refunds import refund_order
from transactions.services import change_status, create_transactions

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
NAMES = ("none", "some", "most", "all", "failed")


@pytest.mark.django_db
class GivenBackContract:
    @pytest.fixture(autouse=True)
    def orders(self, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
        """Orders of which nothing, something, nearly all and all was given back, and one whose refund failed.

        Orders and their refunds are read in different portions; the amounts are such as no double has.
        """
        create_transactions(orders=[Transaction(name, 7, 1_000_000_000.3, Status.SUCCESS, NOON) for name in NAMES])
        for amount in (*["0.1"] * 12, "999999999.05"):
            refund_order(order_id="most", amount=Decimal(amount))
        refund_order(order_id="some", amount=Decimal("0.07"), status=NewRefundStatus.PENDING)
        refund_order(order_id="all")
        failing = refund_order(order_id="failed", status=NewRefundStatus.PENDING).refund
        change_status(order_id=failing.order_id, status=ChangedStatus.FAILED)
        monkeypatch.setattr(given_back, "portions_of_table", partial(portions_of_table, size=3))

    def test_what_orders_say_is_what_their_refunds_come_to(self) -> None:
        assert differing_orders(at_most=10) == (3, set())
        assert given_back_of([*NAMES, "never"]) == {
            "none": GivenBack(0, 0),
            "some": GivenBack(7, 7),
            "most": GivenBack(100_000_000_025, 100_000_000_025),
            "all": GivenBack(100_000_000_030, 100_000_000_030),
            "failed": GivenBack(0, 0),
        }

    @pytest.mark.parametrize(("order_id", "says"), [("most", "1000000000.24"), ("some", "0"), ("failed", "0.01")])
    def test_a_cent_is_seen_wherever_it_is_missing(self, order_id: str, says: str) -> None:
        Row.objects.filter(order_id=order_id).update(refunded_amount=says)
        assert differing_orders(at_most=10)[1] == {order_id}
        assert not given_back_of([order_id])[order_id].agrees

    def test_refunds_of_an_order_that_is_gone_are_seen_once(self) -> None:
        Row.objects.filter(order_id="most").delete()
        assert differing_orders(at_most=10) == (3, {"most"})
        assert given_back_of(["most"]) == {"most": GivenBack(None, 100_000_000_025)}

    def test_no_more_are_held_than_can_be_mended(self) -> None:
        Row.objects.filter(order_id__in=NAMES).update(refunded_amount=Decimal("0.50"))
        assert len(differing_orders(at_most=1)[1]) == 3  # those of the first portion
