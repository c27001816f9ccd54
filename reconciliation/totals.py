"""Both topics of transactions beside the hourly totals."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import NamedTuple

from django.db import transaction

from analytics import selectors, services
from analytics.consumers import APPLIED_AS
from analytics.management.commands.run_aggregator import Command as Aggregator
from analytics.windows import NOTHING, Sums, UserHour, hour_of, sums_of
from events.plausibility import FUTURE_TOLERANCE
from reconciliation.comparing import HOUR, Buckets, Comparison, Result, Scope, bucket_of, weighed
from reconciliation.stage import MENDED_AT_ONCE, Arrivals, Stage
from streaming.history import Told
from streaming.offsets import applied_by


class Stored(NamedTuple):
    """Totals at a moment, and the offsets up to which events are in them."""

    totals: Mapping[UserHour, Sums]
    applied: Mapping[tuple[str, int], int]


class Totals(Stage):
    """By hour over all users, then user by user in the hours that differ.

    The truth is the sum of the events that the aggregator says it has applied, so nothing on its way counts as a
    mismatch. Once something is deleted from the topics, only hours are compared in which none of that can lie: an event
    may be a day ahead of its receipt. Costs a sum for each hour, and the totals of the hours that differ.
    """

    mends = Comparison.TOTALS

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope)
        self._from = scope.kept_since and hour_of(scope.kept_since + FUTURE_TOLERANCE + HOUR)
        self._told, self._stored = Buckets(), Buckets()
        self._arrivals, self._arrivals_again = Arrivals(Aggregator.group), Arrivals(Aggregator.group)
        self._doubted: set[datetime] = set()
        self._snapshot = Stored({}, {})
        self._sums: dict[UserHour, Sums] = {}

    def look(self, told: Sequence[Told]) -> None:
        for record in self._arrivals.first(told):
            self._add(self._told, record.event.user_id, hour_of(record.event.timestamp), sums_of(record.event))

    def in_doubt_since(self) -> datetime | None:
        hours: dict[int, datetime] = {}
        for (user_id, hour), sums in selectors.all_totals(since=self._from):
            self._add(self._stored, user_id, hour, sums)
            hours[bucket_of(hour, HOUR)] = hour
        differing = self._told.differing(self._stored)
        if not differing:
            return None
        self._doubted = {
            hours.get(each) or hour_of(datetime.fromtimestamp(each * HOUR.total_seconds(), UTC)) for each in differing
        }
        with transaction.atomic():
            applied = applied_by(APPLIED_AS)
            self._snapshot = Stored(selectors.totals_of(self._doubted), applied)
        return min(self._doubted) - FUTURE_TOLERANCE

    def look_again(self, told: Sequence[Told]) -> None:
        applied = self._snapshot.applied
        for record in self._arrivals_again.first(told):
            hour = hour_of(record.event.timestamp)
            if hour in self._doubted and record.offset < applied.get((record.topic, record.partition), 0):
                user_hour = (record.event.user_id, hour)
                self._sums[user_hour] = self._sums.get(user_hour, NOTHING) + sums_of(record.event)

    def _add(self, side: Buckets, user_id: int, hour: datetime, sums: Sums) -> None:
        if self._from is None or hour >= self._from:
            values = _values(sums)
            side.add(bucket_of(hour, HOUR), weighed(user_id, values), sums.total_cents, sums.transaction_count)

    def _differing(self) -> dict[UserHour, tuple[Sums, Sums]]:
        """User and hour → what the events come to, and what is stored."""
        stored = self._snapshot.totals
        pairs = {
            each: (self._sums.get(each, NOTHING), stored.get(each, NOTHING))
            for each in self._sums.keys() | stored.keys()
        }
        return {each: (told, found) for each, (told, found) in sorted(pairs.items()) if told != found}

    def results(self) -> list[Result]:
        result = Result(Comparison.TOTALS, self._told.count, self._stored.count)
        for (user_id, hour), (told, found) in self._differing().items():
            result.note(f"user {user_id} {hour:%Y-%m-%dT%H}: {_in_words(told, found)}")
        return [result]

    def mend(self) -> None:
        """Add what is missing, rather than replace what the aggregator goes on to add to."""
        corrections = {each: told - found for each, (told, found) in self._differing().items()}
        services.correct_hourly_totals(by=dict(islice(corrections.items(), MENDED_AT_ONCE)))


def _values(sums: Sums) -> tuple[int, ...]:
    return (
        sums.total_cents, sums.transaction_count, sums.settled_cents, sums.failed_cents, sums.refunded_cents,
    )  # fmt: skip


def _in_words(told: Sums, found: Sums) -> str:
    """The first figure that differs."""
    names = ("total_cents", "transaction_count", "settled_cents", "failed_cents", "refunded_cents")
    pairs = zip(names, _values(told), _values(found), strict=True)
    name, expected, stored = next((name, a, b) for name, a, b in pairs if a != b)
    return f"{name} {stored} instead of {expected}"
