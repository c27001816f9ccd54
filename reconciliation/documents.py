"""The table `transactions` beside the search index."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from time import sleep
from typing import Any

from events.money import to_cents
from events.time import in_millis
from reconciliation.check import ASKED_AT_ONCE, MENDED_AT_ONCE, Stage
from reconciliation.comparison import Comparison, Result, Scope, differing_keys
from search.documents import Document, all_documents, documents_of, put_right
from search.index import SearchIndex
from search.selectors import rows_of
from transactions.models import Transaction
from transactions.selectors import all_rows_by_order_id

Values = tuple[Any, ...]


class Documents(Stage):
    """Both in the order of their order ids, a page of each in memory; the truth is the table.

    What differs is looked at once more after the time that changes are given to arrive, since nothing says when a row
    was deleted.
    """

    mends = Comparison.DOCUMENTS

    def __init__(self, scope: Scope, index: SearchIndex, settle_seconds: float) -> None:
        super().__init__(scope)
        self._index = index
        self._settle_seconds = settle_seconds
        self._moving: set[str] = set()
        self._result = Result(Comparison.DOCUMENTS)
        self._wrong: list[str] = []

    def in_doubt_since(self) -> datetime | None:
        doubted: list[str] = []
        for order_id in differing_keys(self._rows(), self._documents()):
            if order_id not in self._moving and len(doubted) < MENDED_AT_ONCE:
                doubted.append(order_id)
        if doubted:
            sleep(self._settle_seconds)
        for start in range(0, len(doubted), ASKED_AT_ONCE):
            self._look_at(doubted[start : start + ASKED_AT_ONCE])
        return None

    def _rows(self) -> Iterator[tuple[str, Values]]:
        for row in all_rows_by_order_id():
            self._result.expected += 1
            if row.updated_at >= self.scope.before:
                self._moving.add(row.order_id)
            yield row.order_id, _values_of_row(row)

    def _documents(self) -> Iterator[tuple[str, Values]]:
        for found in all_documents(self._index):
            self._result.found += 1
            yield found.order_id, _values(found.values)

    def _look_at(self, order_ids: list[str]) -> None:
        found = documents_of(self._index, order_ids)
        rows = rows_of(order_ids)
        for order_id in order_ids:
            row = rows.get(order_id)
            if row is not None and row["updated_at"] >= self.scope.before:
                continue
            if wrong := _what_is_wrong(row, found.get(order_id)):
                self._wrong.append(order_id)
                self._result.note(f"{order_id}: {wrong}")

    def results(self) -> list[Result]:
        return [self._result]

    def mend(self) -> None:
        for start in range(0, len(self._wrong), ASKED_AT_ONCE):
            order_ids = self._wrong[start : start + ASKED_AT_ONCE]
            # The documents first: whoever writes one after its row is read here wins.
            found = documents_of(self._index, order_ids)
            rows = rows_of(order_ids)
            put_right(self._index, {order_id: rows.get(order_id) for order_id in order_ids}, found)


def _what_is_wrong(row: Mapping[str, Any] | None, found: Document | None) -> str:
    if row is None:
        return "a document without a row" if found else ""
    if found is None:
        return "no document"
    row = {**row, "timestamp": in_millis(row["timestamp"])}
    return "" if _values(row) == _values(found.values) else "its document is stale"


def _values_of_row(row: Transaction) -> Values:
    return (
        row.user_id, to_cents(row.amount), row.status, in_millis(row.timestamp), row.kind, row.refund_of,
    )  # fmt: skip


def _values(row: Mapping[str, Any]) -> Values:
    """What is compared of a document, or of a row as Debezium publishes it."""
    amount = row.get("amount")
    return (
        row.get("user_id"), None if amount is None else to_cents(amount), row.get("status"), row.get("timestamp"),
        row.get("kind"), row.get("refund_of"),
    )  # fmt: skip
