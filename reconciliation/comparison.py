"""How two sides are compared that are too large to be laid beside each other. Pure.

Sides without a common order are added up in buckets of time, in whatever order they come: how many, how many cents, and
a checksum. Only what lies in a bucket that differs has to be looked at one by one. Sides in a common order are read
beside each other.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from heapq import merge
from itertools import groupby
from operator import itemgetter
from typing import Protocol

EXAMPLES = 5
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
CHECKSUM_MASK = 2**64 - 1
MADE_ANEW_AFTER = timedelta(hours=1)
"""A first record may come this much later than the first row without a doubt about either."""

Side = Iterable[tuple[str, object]]


class Comparison(StrEnum):
    ROWS = "rows"
    """each event of `transactions` has its row"""
    EVENTS = "events"
    """each row has its event"""
    STATUSES = "statuses"
    """no row is behind the statuses that were published of it"""
    REFUNDS = "refunds"
    """of each order, as much was refunded as its row says"""
    TOTALS = "totals"
    """the hourly totals are the sums of the events that were applied to them"""
    HOURS = "hours"
    """the shop's hours are the sums of its users' hourly totals"""
    ALERTS = "alerts"
    """each suspicious event has its alert"""
    DOCUMENTS = "documents"
    """the search index has what the rows have"""


@dataclass(slots=True)
class Result:
    """What came of a comparison; the ids of the first mismatches, each with what is wrong."""

    comparison: Comparison
    expected: int = 0
    found: int = 0
    mismatches: int = 0
    examples: list[str] = field(default_factory=list)

    def note(self, mismatch: str) -> None:
        self.mismatches += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(mismatch)


@dataclass(frozen=True, slots=True)
class Scope:
    """What is old enough to have arrived everywhere, and young enough to be still kept."""

    before: datetime
    kept_since: datetime | None
    """None: the topics hold everything that was ever published"""

    def covers(self, moment: datetime) -> bool:
        return moment < self.before and (self.kept_since is None or moment >= self.kept_since)


class Buckets:
    """Count, sum in cents and checksum of what falls into each bucket."""

    def __init__(self) -> None:
        self._sums: dict[int, tuple[int, int, int]] = {}

    def add(self, bucket: int, checksum: int, cents: int, count: int = 1) -> None:
        counted, summed, checked = self._sums.get(bucket, (0, 0, 0))
        self._sums[bucket] = (counted + count, summed + cents, (checked + checksum) & CHECKSUM_MASK)

    @property
    def count(self) -> int:
        return sum(counted for counted, _, _ in self._sums.values())

    def differing(self, other: "Buckets") -> set[int]:
        nothing = (0, 0, 0)
        return {
            bucket
            for bucket in self._sums.keys() | other._sums.keys()
            if self._sums.get(bucket, nothing) != other._sums.get(bucket, nothing)
        }


def bucket_of(moment: datetime, width: timedelta) -> int:
    return int(moment.timestamp() // width.total_seconds())


def checksum(*values: object) -> int:
    """The same for the same values within this process: nothing of it is kept."""
    return hash(values)


def weighed(user_id: int, sums: Sequence[int]) -> int:
    """A checksum of a user's sums that adds up as they do: that of a total is the sum of those of its events."""
    return sum(hash((user_id, place)) * value for place, value in enumerate(sums) if value)


def stretches_of(buckets: Iterable[int], width: timedelta) -> Iterator[tuple[float, float]]:
    """The stretches of time, in seconds since 1970, that buckets cover; neighbours are one."""
    seconds = width.total_seconds()
    begin = end = None
    for bucket in sorted(buckets):
        if bucket != end:
            if begin is not None and end is not None:
                yield begin * seconds, end * seconds
            begin = bucket
        end = bucket + 1
    if begin is not None and end is not None:
        yield begin * seconds, end * seconds


def differing_keys(expected: Side, found: Side) -> Iterator[str]:
    """The keys under which two sides, each in the order of its keys, do not have the same; held a key at a time."""
    both = merge(
        ((key, "expected", value) for key, value in expected),
        ((key, "found", value) for key, value in found),
        key=itemgetter(0),
    )
    for key, sides in groupby(both, key=itemgetter(0)):
        values = {side: value for _, side, value in sides}
        if values.get("expected") != values.get("found"):
            yield key


class Kept(Protocol):
    """What a partition keeps: from which offset on, and since when; None: it holds nothing."""

    @property
    def begin(self) -> int: ...
    @property
    def oldest(self) -> datetime | None: ...


def kept_since(partitions: Sequence[Kept], first_row: datetime | None, now: datetime) -> datetime | None:
    """From which moment of receipt on the topics hold everything; None: they hold all that there ever was.

    A partition that begins above offset 0 has lost what came before its oldest record. Where the table is older than
    the topics, these were made anew, and what was published before is gone.
    """
    shortened = [each.oldest or now for each in partitions if each.begin]
    if shortened:
        return max(shortened)
    first_record = min((each.oldest for each in partitions if each.oldest), default=now)
    made_anew = first_row is not None and first_row + MADE_ANEW_AFTER < first_record
    return first_record if made_anew else None
