"""Rows that nobody else changes until the database transaction at hand ends, locked by everybody in the same order.

All orders come before all refunds, each kind by its ids: so two who want the same rows never wait for each other. An
order is locked along with its refunds, since what becomes of one of them changes it.
"""

from collections.abc import Collection, Iterator
from typing import Any

from database.portions import locked_by_key, rows_among
from transactions.models import Kind, Transaction


def locked(order_ids: Collection[str]) -> dict[str, Transaction]:
    """The rows of these order ids, and of the orders that those among them refund, by order id; not all need exist.

    Whatever else is to be locked in the same database transaction must be locked by the same call.
    """
    known = list(_of(order_ids, "pk", "kind", "refund_of"))
    orders = {pk for pk, kind, _ in known if kind == Kind.ORDER}
    orders |= {pk for (pk,) in _of({refund_of for _, _, refund_of in known if refund_of}, "pk")}
    refunds = {pk for pk, kind, _ in known if kind == Kind.REFUND}
    rows = Transaction.objects.all()
    return {row.order_id: row for keys in (orders, refunds) for row in locked_by_key(rows, keys)}


def _of(order_ids: Collection[str], *columns: str) -> Iterator[tuple[Any, ...]]:
    return rows_among(Transaction.objects.values_list(*columns), "order_id", order_ids)
