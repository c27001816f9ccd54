"""The topic `transactions` beside the table `transactions`: rows that events lack, and events that rows lack."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import events
from database.portions import portions_of_groups
from events import ChangedStatus
from events.money import to_cents
from events.plausibility import FUTURE_TOLERANCE
from events.time import in_millis
from reconciliation.check import ASKED_AT_ONCE, MENDED_AT_ONCE, Stage
from reconciliation.comparison import (
    MINUTE,
    Buckets,
    Comparison,
    Result,
    Scope,
    bucket_of,
    checksum,
    stretches_of,
)
from reconciliation.spool import Spool
from streaming.inspecting.topic_scan import ScannedRecord
from streaming.records import Record
from streaming.topics import Group, Topic
from transactions import selectors, services
from transactions.models import Transaction
from transactions.refund_rules import with_their_refunds


class Rows(Stage):
    """Both ways in one: by minute in which things happened, then one by one in the minutes that differ.

    An event is recognised by its order id, user, amount and time; statuses move on, see statuses.py. A row is right if
    some telling of its order says the same: which of several, the table itself decides. Costs, beside reading the topic
    and the table once: what came from the earliest differing minute on once more from the spool (under traffic the last
    one differs always); a sum for each minute; the ids of the rows in differing minutes.
    """

    mends = Comparison.ROWS

    def __init__(self, scope: Scope, spool: Spool) -> None:
        super().__init__(scope)
        self._spool = spool
        self._last: str | None = None
        self._published = Buckets()
        self._minutes: set[int] = set()
        self._unmatched: set[str] = set()
        self._lost: dict[str, Record[events.Transaction]] = {}
        self._astray: set[str] = set()
        self._agreeing: set[str] = set()
        self._rows, self._events = Result(Comparison.ROWS), Result(Comparison.EVENTS)

    def look(self, scanned: Sequence[ScannedRecord]) -> None:
        for each in scanned:
            order_id = each.record.event.order_id
            if each.record.topic != Topic.TRANSACTIONS or Group.RECORDER in each.not_for or order_id == self._last:
                continue
            self._last = order_id
            if self.scope.covers(each.record.received_at):
                self._published.add(*_mark(each.record.event))

    def in_doubt_since(self) -> datetime | None:
        stored = Buckets()
        for row in selectors.all_rows(recorded_since=self.scope.kept_since, recorded_before=self.scope.before):
            stored.add(*_mark(row))
        self._rows.expected = self._events.found = self._published.count
        self._rows.found = self._events.expected = stored.count
        self._minutes = self._published.differing(stored)
        if not self._minutes:
            return None
        for begin, end in stretches_of(self._minutes, MINUTE):
            rows = selectors.happened_between(_moment(begin), _moment(end)).values_list("order_id", "recorded_at")
            self._unmatched |= {order_id for order_id, at in rows.iterator() if self.scope.covers(at)}
        return _moment(min(self._minutes) * MINUTE.total_seconds()) - FUTURE_TOLERANCE

    def look_again(self, scanned: Sequence[ScannedRecord]) -> None:
        doubted = [
            each
            for each in scanned
            if each.record.topic == Topic.TRANSACTIONS
            and bucket_of(each.record.event.timestamp, MINUTE) in self._minutes
        ]
        self._unmatched -= {each.record.event.order_id for each in doubted}
        self._compare(
            each.record
            for each in doubted
            if Group.RECORDER not in each.not_for and self.scope.covers(each.record.received_at)
        )

    def _compare(self, records: Iterable[Record[events.Transaction]]) -> None:
        tellings = [record for record in records if record.event.order_id not in self._lost]
        stored = selectors.rows_by_order_id({each.event.order_id for each in tellings}) if tellings else {}
        for record in tellings:
            order_id = record.event.order_id
            row = stored.get(order_id)
            if row is None:
                self._note_lost(record)
            elif _mark(row) == _mark(record.event) or bucket_of(row.timestamp, MINUTE) not in self._minutes:
                # In a minute that agrees the telling that this row is like has been seen, and is not looked at again.
                self._agreeing.add(order_id)
            else:
                self._astray.add(order_id)

    def _note_lost(self, record: Record[events.Transaction]) -> None:
        order_id = record.event.order_id
        if order_id not in self._lost:
            self._rows.note(f"{order_id}: no row")
            if len(self._lost) < MENDED_AT_ONCE:
                self._lost[order_id] = record

    def results(self) -> list[Result]:
        for order_id in sorted(self._astray - self._agreeing):
            self._rows.note(f"{order_id}: another user, amount or time than any that was published")
        for order_id in sorted(self._unmatched):
            self._events.note(f"{order_id}: not in the topic")
        return [self._rows, self._events]

    def mend(self) -> None:
        """Lost rows come back as the topics have them. Rows that were never published stay: see the decision record.

        An order comes back together with its refunds, or somebody could give back once more what they gave back.
        """
        statuses = self._last_statuses() if self._lost else {}
        refunds = {order_id: None for order_id, record in self._lost.items() if record.event.cents < 0}
        families = with_their_refunds((each for each in self._lost if each not in refunds), refunds)
        for portion in portions_of_groups(families, ASKED_AT_ONCE):
            services.restore(lost=[self._lost[order_id] for order_id in portion], statuses=statuses)

    def _last_statuses(self) -> dict[str, ChangedStatus]:
        since = min(record.received_at for record in self._lost.values())
        changes = (each.record.event for some in self._spool.orders(since) for each in some)
        return {
            change.order_id: ChangedStatus(change.status)
            for change in changes
            if isinstance(change, events.TransactionStatusChanged) and change.order_id in self._lost
        }


def _mark(order: events.Transaction | Transaction) -> tuple[int, int, int]:
    """The bucket, checksum and cents of an event or of its row."""
    cents = to_cents(order.amount)
    values = (order.order_id, order.user_id, cents, in_millis(order.timestamp))
    return bucket_of(order.timestamp, MINUTE), checksum(*values), cents


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
