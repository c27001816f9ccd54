"""Both topics of transactions beside the hourly totals."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any, NamedTuple

from django.db import transaction

from analytics import selectors, services
from analytics.consumers import APPLIED_AS
from analytics.windows import NOTHING, Counted, Sums, UserHour, hour_of, sums_of
from events import Transaction, TransactionCorrected, TransactionStatusChanged
from events.plausibility import FUTURE_TOLERANCE
from reconciliation.check import ASKED_AT_ONCE, MENDED_AT_ONCE, Stage
from reconciliation.comparison import HOUR, Buckets, Comparison, Result, Scope, bucket_of, weighed
from reconciliation.orders import Orders
from streaming.consuming.exactly_once import applied_by
from streaming.inspecting.topic_scan import ScannedRecord
from streaming.records import Record
from streaming.topics import Group
from transactions.selectors import corrections_since
from transactions.selectors import known as recorded_orders
from transactions.tellings import entry_of


class Stored(NamedTuple):
    """Totals at a moment, and the offsets up to which events are in them."""

    totals: Mapping[UserHour, Sums]
    applied: Mapping[tuple[str, int], int]


class Totals(Stage):
    """By hour over all users, then user by user in the hours that differ.

    The truth is one sum for each order, whichever partition and however often it came, and one for each change of
    status. Of several tellings that differ the table says which one counts. What the aggregator has not applied yet
    does not count as a mismatch, and an hour of a user is left out while a correction of it is on its way. Once
    something is deleted from the topics, only hours are compared in which none of that can lie: an event may be a day
    ahead of its receipt. Costs a sum for each hour, and the totals of the hours that differ.
    """

    mends = Comparison.TOTALS

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope)
        self._from = scope.kept_since and hour_of(scope.kept_since + FUTURE_TOLERANCE + HOUR)
        self._published, self._stored = Buckets(), Buckets()
        self._orders, self._orders_again = Orders(), Orders()
        self._corrected: dict[str, Record[TransactionCorrected]] = {}
        self._doubted: set[datetime] = set()
        self._snapshot = Stored({}, {})
        self._sums: dict[UserHour, Sums] = {}

    def look(self, scanned: Sequence[ScannedRecord]) -> None:
        for record in _counting(scanned):
            if isinstance(record.event, TransactionCorrected):
                self._corrected[record.event.identity] = record
            for event, sign in _first(record, self._orders):
                sums = sums_of(event) if sign > 0 else NOTHING - sums_of(event)
                self._add(self._published, event.user_id, hour_of(event.timestamp), sums)

    def in_doubt_since(self) -> datetime | None:
        hours: dict[int, datetime] = {}
        for (user_id, hour), sums in selectors.all_totals(since=self._from):
            self._add(self._stored, user_id, hour, sums)
            hours[bucket_of(hour, HOUR)] = hour
        differing = self._published.differing(self._stored)
        self._doubted = {
            hours.get(each) or hour_of(datetime.fromtimestamp(each * HOUR.total_seconds(), UTC)) for each in differing
        }
        recorded = self._recorded()
        self._doubted |= {hour for hour in self._hours_in_dispute(recorded) if self._from is None or hour >= self._from}
        if not self._doubted:
            return None
        with transaction.atomic():
            applied = applied_by(APPLIED_AS)
            self._snapshot = Stored(selectors.totals_of(self._doubted), applied)
        for event in recorded.values():
            self._count(event, 1)
        return min(self._doubted) - FUTURE_TOLERANCE

    def look_again(self, scanned: Sequence[ScannedRecord]) -> None:
        applied = self._snapshot.applied
        for record in _counting(scanned):
            if record.offset < applied.get((record.topic, record.partition), 0):
                for event, sign in _first(record, self._orders_again):
                    if not (isinstance(event, Transaction) and event.order_id in self._orders.disputed):
                        self._count(event, sign)

    def _recorded(self) -> dict[str, Transaction]:
        """What the table has of each order whose tellings differ; those that it lacks are left out."""
        disputed = sorted(self._orders.disputed)
        return {
            order_id: entry_of(order_id, known)
            for start in range(0, len(disputed), ASKED_AT_ONCE)
            for order_id, known in recorded_orders(disputed[start : start + ASKED_AT_ONCE]).items()
        }

    def _hours_in_dispute(self, recorded: Mapping[str, Transaction]) -> set[datetime]:
        stated = {hour for hours in self._orders.disputed.values() for hour in hours}
        return stated | {hour_of(event.timestamp) for event in recorded.values()}

    def _count(self, event: Counted, sign: int) -> None:
        user_hour = (event.user_id, hour_of(event.timestamp))
        if user_hour[1] in self._doubted:
            sums = sums_of(event)
            before = self._sums.get(user_hour, NOTHING)
            self._sums[user_hour] = before + sums if sign > 0 else before - sums

    def _on_their_way(self) -> set[UserHour]:
        """The hours of users for which the platform has published corrections that the aggregator has not applied."""
        applied = self._snapshot.applied
        return {
            (row.user_id, hour_of(row.timestamp))
            for row in corrections_since(self.scope.kept_since)
            if (record := self._corrected.get(f"{row.origin} {row.correction}")) is None
            or record.offset >= applied.get((record.topic, record.partition), 0)
        }

    def _add(self, side: Buckets, user_id: int, hour: datetime, sums: Sums) -> None:
        if self._from is None or hour >= self._from:
            values = _values(sums)
            side.add(bucket_of(hour, HOUR), weighed(user_id, values), sums.total_cents, sums.transaction_count)

    def _differing(self) -> dict[UserHour, tuple[Sums, Sums]]:
        """User and hour → what the events come to, and what is stored."""
        stored = self._snapshot.totals
        pairs = {
            each: (self._sums.get(each, NOTHING), stored.get(each, NOTHING))
            for each in (self._sums.keys() | stored.keys()) - self._on_their_way()
        }
        return {each: (expected, found) for each, (expected, found) in sorted(pairs.items()) if expected != found}

    def results(self) -> list[Result]:
        result = Result(Comparison.TOTALS, self._published.count, self._stored.count)
        for (user_id, hour), (expected, found) in self._differing().items():
            result.note(f"user {user_id} {hour:%Y-%m-%dT%H}: {_in_words(expected, found)}")
        return [result]

    def mend(self) -> None:
        """Add what is missing, rather than replace what the aggregator goes on to add to."""
        corrections = {each: expected - found for each, (expected, found) in self._differing().items()}
        services.correct_hourly_totals(by=dict(islice(corrections.items(), MENDED_AT_ONCE)))


def _counting(scanned: Sequence[ScannedRecord]) -> Iterator[Record[Any]]:
    """What neither the aggregator nor the recorder refused."""
    refusing = {Group.AGGREGATOR, Group.RECORDER}
    return (each.record for each in scanned if refusing.isdisjoint(each.not_for))


def _first(record: Record[Any], orders: Orders) -> Iterator[tuple[Counted, int]]:
    """What an event adds to what came before, or takes back of it."""
    event = record.event
    orders.come_to(event.order_id)
    if isinstance(event, Transaction):
        yield from orders.take(event)
    elif isinstance(event, TransactionStatusChanged) and orders.is_new(event.identity):
        yield event, 1


def _values(sums: Sums) -> tuple[int, ...]:
    return (
        sums.total_cents, sums.transaction_count, sums.settled_cents, sums.failed_cents, sums.refunded_cents,
    )  # fmt: skip


def _in_words(expected: Sums, found: Sums) -> str:
    """The first figure that differs."""
    names = ("total_cents", "transaction_count", "settled_cents", "failed_cents", "refunded_cents")
    pairs = zip(names, _values(expected), _values(found), strict=True)
    name, wanted, stored = next((name, a, b) for name, a, b in pairs if a != b)
    return f"{name} {stored} instead of {wanted}"
