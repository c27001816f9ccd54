"""Rows that nobody else changes until the database transaction at hand ends, locked by everybody in the same order.

All orders come before all refunds, each kind by its ids: so two who want the same rows never wait for each other. An
order is locked along with its refunds, since what becomes of one of them changes it.
"""

from collections.abc import Collection

from django.db.models import QuerySet

from transactions.models import Kind, Transaction


def locked(order_ids: Collection[str]) -> dict[str, Transaction]:
    """The rows of these order ids, and of the orders that those among them refund, by order id; not all need exist.

    Whatever else is to be locked in the same database transaction must be locked by the same call.
    """
    known = list(Transaction.objects.filter(order_id__in=order_ids).values_list("pk", "kind", "refund_of"))
    refunded = {refund_of for _, _, refund_of in known if refund_of}
    orders = {pk for pk, kind, _ in known if kind == Kind.ORDER}
    if refunded:
        orders |= set(Transaction.objects.filter(order_id__in=refunded).values_list("pk", flat=True))
    refunds = {pk for pk, kind, _ in known if kind == Kind.REFUND}
    return {row.order_id: row for keys in (orders, refunds) if keys for row in _by_id(keys)}


def _by_id(keys: Collection[int]) -> QuerySet[Transaction]:
    # By the table's own ids: by an index of another order, MySQL would lock in that one's.
    return Transaction.objects.select_for_update().filter(pk__in=keys).order_by("pk")
