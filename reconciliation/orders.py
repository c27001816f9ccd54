"""Each order once, on whichever partition and however often it came. Pure.

This is the truth that stages are held against, so it shares no rule with them: no window, no partition.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from events import Status, Transaction
from events.time import in_millis
from reconciliation.comparison import HOUR, bucket_of

HOUR_BITS, STATUS_BITS, MARK_MASK = 24, 2, (1 << 36) - 1
STATUSES = tuple(Status)

Counts = tuple[Transaction, int]
"""a telling, and whether it counts (1) or what counted before is taken back (-1)"""


class Orders:
    """Takes tellings. One that is alike but for its status moves an order on, which PENDING enters first.

    disputed: orders whose tellings differ in user, amount or time → the hours (UTC) of those tellings. Only the table
    knows which of them counts; until it is asked, the first one does.
    """

    def __init__(self) -> None:
        self.disputed: dict[str, set[datetime]] = {}
        self._order_id = ""
        self._marks: dict[int, int] = {}
        self._others: set[int] = set()

    def come_to(self, order_id: str) -> None:
        """What follows is about this order; of the others nothing more comes, so their marks are forgotten."""
        if order_id != self._order_id:
            self._order_id, self._marks, self._others = order_id, {}, set()

    def take(self, telling: Transaction) -> Iterator[Counts]:
        """What a telling adds to, or changes in, what was taken before."""
        key, mark = hash(telling.order_id), _packed(telling)
        before = self._marks.get(key)
        if before is None:
            self._marks[key] = mark
            yield telling, 1
        elif before >> STATUS_BITS + HOUR_BITS != mark >> STATUS_BITS + HOUR_BITS:
            self.disputed.setdefault(telling.order_id, {_hour(before)}).add(_hour(mark))
        elif telling.status == Status.PENDING and _status(before) != Status.PENDING:
            self._marks[key] = mark
            yield replace(telling, status=_status(before)), -1
            yield telling, 1

    def is_new(self, identity: str) -> bool:
        """Whether another event than a telling of an order comes for the first time."""
        key = hash(identity)
        new = key not in self._others
        self._others.add(key)
        return new


def _packed(telling: Transaction) -> int:
    """Who, how much and when in 36 bits of a hash, the status, and the hour, in one number."""
    mark = hash((telling.user_id, telling.cents, in_millis(telling.timestamp))) & MARK_MASK
    hour = bucket_of(telling.timestamp, HOUR) & (1 << HOUR_BITS) - 1
    return (mark << STATUS_BITS | STATUSES.index(Status(telling.status))) << HOUR_BITS | hour


def _hour(packed: int) -> datetime:
    return datetime.fromtimestamp((packed & (1 << HOUR_BITS) - 1) * HOUR.total_seconds(), UTC)


def _status(packed: int) -> Status:
    return STATUSES[packed >> HOUR_BITS & (1 << STATUS_BITS) - 1]
