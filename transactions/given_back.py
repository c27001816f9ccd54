"""How much of orders was given back or is on its way: as the orders say, and as their refunds come to."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef, QuerySet, Subquery, Sum

from database.portions import portions_of_table, rows_among
from events import ChangedStatus
from events.money import to_cents
from transactions.models import Transaction


class GivenBack(NamedTuple):
    """Of one order, in cents."""

    says: int | None
    """as its own row has it; None: there is no such row"""
    come_to: int
    """what its refunds come to that have not failed"""

    @property
    def agrees(self) -> bool:
        return (self.says or 0) == self.come_to and (self.says is not None or not self.come_to)

    @property
    def says_too_little(self) -> bool:
        return self.says is not None and self.says < self.come_to


def standing() -> QuerySet[Transaction]:
    """All refunds of known orders that have succeeded, or may yet."""
    return Transaction.objects.filter(refund_of__isnull=False).exclude(status=ChangedStatus.FAILED).order_by()


def sums_of(order_ids: Iterable[str]) -> dict[str, Decimal]:
    """What the refunds of these orders come to, 0 or below, by order id; orders without any are left out."""
    return dict(rows_among(_summed(standing()), "refund_of", order_ids))


def differing_orders(*, at_most: int) -> tuple[int, set[str]]:
    """The number of orders of which something was given back, and the order ids of those that may differ from that.

    Each portion of the table is read at another moment, so what seems to differ has to be asked for: given_back_of().
    """
    counted, differing = 0, set[str]()
    for rows in portions_of_table(Transaction.objects.all()):
        found = _by_orders(rows.exclude(refunded_amount=0))
        unknown = _uncounted(rows)
        counted += len(found) + len(unknown - differing)
        differing |= {order_id for order_id, each in found.items() if not each.agrees} | unknown
        if len(differing) > at_most:
            break
    return counted, differing


def given_back_of(order_ids: Iterable[str]) -> dict[str, GivenBack]:
    """Of these orders, each as it is at one moment."""
    wanted = list(order_ids)
    found = _by_orders(Transaction.objects.filter(order_id__in=wanted))
    gone = sums_of(each for each in wanted if each not in found)
    return found | {order_id: GivenBack(None, -to_cents(amount)) for order_id, amount in gone.items()}


def _by_orders(orders: QuerySet[Transaction]) -> dict[str, GivenBack]:
    # One statement for both sides: an order and its refunds change in one database transaction.
    refunds = _summed(standing().filter(refund_of=OuterRef("order_id")), "amount__sum")
    rows = orders.order_by().values_list("order_id", "refunded_amount", Subquery(refunds))
    return {order_id: GivenBack(to_cents(says), -to_cents(sum_ or 0)) for order_id, says, sum_ in rows}


def _summed(refunds: QuerySet[Transaction], *columns: str) -> QuerySet[Any, Any]:
    grouped = refunds.values("refund_of").annotate(Sum("amount"))
    return grouped.values_list(*(columns or ("refund_of", "amount__sum")))


def _uncounted(rows: QuerySet[Transaction]) -> set[str]:
    """The orders of refunds among these rows that are not there, or say that nothing was refunded."""
    counting = Transaction.objects.filter(order_id=OuterRef("refund_of")).exclude(refunded_amount=0)
    refunds = rows.filter(refund_of__isnull=False).exclude(status=ChangedStatus.FAILED).exclude(amount=0)
    found = refunds.filter(~Exists(counting)).values_list("refund_of", flat=True).distinct()
    return {order_id for order_id in found if order_id}
