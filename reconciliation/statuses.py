"""The topic `transactions.status` beside the table: no row may be behind what was published of it."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from events import ChangedStatus, TransactionStatusChanged
from reconciliation.check import ASKED_AT_ONCE, MENDED_AT_ONCE, Stage
from reconciliation.comparison import Comparison, Result, Scope
from streaming.inspecting.topic_scan import ScannedRecord
from streaming.topics import Topic
from transactions.selectors import rows_by_order_id
from transactions.statuses import may_be_later


class Statuses(Stage):
    """Asks for the rows of each batch of changes; what is behind is asked for once more at the end.

    A row may be ahead, since it changes first; one that is missing is rows.py's affair. Nothing is mended: statuses
    are decided in the table, so a row that fell back was brought back, and people have to say whether that was right.
    """

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope)
        self._behind: list[TransactionStatusChanged] = []
        self._result = Result(Comparison.STATUSES)

    def look(self, scanned: Sequence[ScannedRecord]) -> None:
        changes = [
            each.record.event
            for each in scanned
            if each.record.topic == Topic.TRANSACTIONS_STATUS and self.scope.covers(each.record.received_at)
        ]
        if changes:
            behind = list(_behind(changes))
            self._result.expected += len(changes)
            self._result.found += len(changes) - len(behind)
            self._behind += behind[: MENDED_AT_ONCE - len(self._behind)]

    def in_doubt_since(self) -> datetime | None:
        for start in range(0, len(self._behind), ASKED_AT_ONCE):
            for change in _behind(self._behind[start : start + ASKED_AT_ONCE]):
                self._result.note(f"{change.order_id}: not {change.status} yet")
        return None

    def results(self) -> list[Result]:
        return [self._result]


def _behind(changes: Sequence[TransactionStatusChanged]) -> Iterator[TransactionStatusChanged]:
    """The changes that their rows have not made."""
    rows = rows_by_order_id({change.order_id for change in changes})
    for change in changes:
        row = rows.get(change.order_id)
        if row is not None and not may_be_later(ChangedStatus(change.status), ChangedStatus(row.status)):
            yield change
