"""In which order lists of transactions come, so that an index has each as it is asked for."""

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

import database.unindexed  # noqa: F401 - makes the lookup known
from transactions.models import Kind, Transaction

LATEST_FIRST = ("-timestamp", "order_id")
LATEST_FIRST_OF_SOME = ("-timestamp", "id")
"""the same, where an index begins with another column: that one ends in the id by itself"""
LARGEST_FIRST = ("-amount", "order_id")


def order_of(asked: Collection[str], *, of_a_user: bool = False) -> tuple[str, ...]:
    """The columns by which to order what is asked for by these lookups, such as `amount__gte`."""
    if _is_by_amount(asked, of_a_user):
        return LARGEST_FIRST
    return LATEST_FIRST_OF_SOME if of_a_user or {"user_id", "status", "kind"} & set(asked) else LATEST_FIRST


def reversed_order(order: Sequence[str]) -> tuple[str, ...]:
    return tuple(name[1:] if name.startswith("-") else f"-{name}" for name in order)


def others_choose(asked: Collection[str], *, of_a_user: bool = False) -> bool:
    """Whether rows are found by something else than their status and kind."""
    return _is_by_amount(asked, of_a_user) or of_a_user or not {"user_id", "refund_of"}.isdisjoint(asked)


def index_of(asked: Collection[str], *, of_a_user: bool = False) -> str:
    """The table and its index in which order_of(asked) is; empty: that depends on how many there are of each."""
    if others_choose(asked, of_a_user=of_a_user):
        is_by_amount = _is_by_amount(asked, of_a_user) and "status" not in asked
        return "transactions transactions_largest_first" if is_by_amount else ""
    by_value = {
        frozenset(): "transactions_newest_first",
        frozenset({"status"}): "transactions_of_a_status",
        frozenset({"kind"}): "transactions_of_a_kind",
        frozenset({"status", "kind"}): "transactions_of_both",
    }
    return f"transactions {by_value[frozenset(asked) & {'status', 'kind'}]}"


def with_what_follows(asked: Mapping[str, Any], *, of_a_user: bool = False) -> dict[str, Any]:
    """What is asked, and what the table's constraint says besides: no amount is looked through that no row can have."""
    lookups = dict(asked)
    if _is_by_amount(asked, of_a_user) and (kind := asked.get("kind")):
        name, closer = ("amount__lte", min) if kind == Kind.REFUND else ("amount__gte", max)
        lookups[name] = closer(asked.get(name, Decimal(0)), Decimal(0))
    return lookups


def narrowed(
    rows: QuerySet[Transaction], asked: Mapping[str, Any], *, of_a_user: bool = False
) -> QuerySet[Transaction]:
    """The rows for which all of this holds, so asked for that the index in order_of(asked) finds them."""
    if not asked:
        return rows
    lookups = dict(asked)
    if others_choose(asked, of_a_user=of_a_user):
        for name in {"status", "kind"} & lookups.keys():
            lookups[f"{name}__unindexed"] = lookups.pop(name)
    return rows.filter(**lookups)


def _is_by_amount(asked: Collection[str], of_a_user: bool) -> bool:
    """Whether the amount narrows most: a user has few transactions, an order fewer, and else people narrow by time."""
    has_amount = any(lookup.startswith("amount__") for lookup in asked)
    return (
        has_amount
        and not of_a_user
        and not any(each.startswith(("user_id", "refund_of", "timestamp__")) for each in asked)
    )
