"""By which columns the table's rows are found, where its database cannot tell what is rare. Pure.

SQLite's planner takes each equality for rarer than each range. See database/unindexed.py and docs/decisions/0041.
"""

from search.query import Filters, Sort

BY_NAME = frozenset({"user_id", "order_id"})
FEW_VALUES = ("status", "kind")
EVERYTHING = BY_NAME | {*FEW_VALUES, "timestamp", "amount"}


def finding(asked: Filters) -> frozenset[str]:
    """The columns whose indexes find all that match, to be counted or sorted: the rarest of those asked for."""
    if asked.user_ids or asked.order_ids:
        return BY_NAME | {"timestamp"}
    if asked.timestamp_gte or asked.timestamp_lt:
        return frozenset({"timestamp"}) | _single(asked)
    if asked.amount_gte is not None or asked.amount_lte is not None:
        return frozenset({"amount"})
    if asked.statuses or asked.kinds:
        return frozenset(FEW_VALUES) | ({"timestamp"} if _single(asked) else set())
    return EVERYTHING


def paging(asked: Filters, sort: Sort) -> frozenset[str]:
    """The columns whose indexes have what matches in this order: where much does, a page is soon full."""
    if asked.user_ids or asked.order_ids:
        return BY_NAME | {sort.field}
    return frozenset({sort.field}) | (_single(asked) if sort.field == "timestamp" else frozenset())


def _single(asked: Filters) -> frozenset[str]:
    """Of status and kind those that have one value: an index has its rows by time."""
    return frozenset(
        name for name, values in zip(FEW_VALUES, (asked.statuses, asked.kinds), strict=True) if len(values) == 1
    )
