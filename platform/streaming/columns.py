"""Orders of a batch as columns, as plain_orders.py reads them. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, TypeVar, TypeVarTuple

import numpy as np
from numpy.typing import NDArray

from events.plausibility import MAX_USER_ID
from events.time import from_millis, in_millis
from events.transactions import Status, Transaction
from streaming.partitioner import Partition

Octets = NDArray[np.uint8]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
OtherTs = TypeVarTuple("OtherTs")
MadeT = TypeVar("MadeT")

Made = tuple[Callable[..., Any], tuple[Any, ...]]
"""a pure function, and what it takes beside orders"""

STATUSES = tuple(Status)
"""in the order of the symbols of schemas/transaction.avsc"""
ONE_BYTE = 0x80
"""from here on a number of Avro takes more than one byte"""
USER_ID_BITS = MAX_USER_ID.bit_length()
USER_ID_BYTES, MILLIS_BYTES, AMOUNT_BYTES = 5, 7, 8
"""at the most; seven bytes reach to the year 10889"""
LATEST_MILLIS = in_millis(datetime.fromisoformat("9999-12-30T00:00:00Z"))
"""so that a day may be added to it"""
MOST_RECORDS = 90_000
"""whose cents add up within 64 bits, whatever they are"""


@dataclass(frozen=True, slots=True)
class Orders:
    """Plausible orders of one topic, one in each place of every column, in the order in which they came."""

    topic: str
    joined: bytes
    """in which the batch's values stand"""
    place: Ints
    """which of the batch's values it was, counted from 0"""
    partition: Ints
    offset: Ints
    received: Ints
    """when the broker received it, in milliseconds since 1970"""
    id_begin: Ints
    id_end: Ints
    """where in `joined` its order_id stands, in ASCII"""
    user_id: Ints
    amount: NDArray[np.float64]
    """as it was sent"""
    cents: Ints
    status: Ints
    """index in STATUSES"""
    millis: Ints
    """since 1970"""
    made: dict[Made, Any] = field(default_factory=dict, repr=False, compare=False)
    """what was made of just these"""

    def make(self, function: Callable[["Orders", *OtherTs], MadeT], *arguments: *OtherTs) -> MadeT:
        """What a pure function makes of these orders; of the same arguments only once, so nobody may change it."""
        which = (function, arguments)
        if which not in self.made:
            self.made[which] = function(self, *arguments)
        made: MadeT = self.made[which]
        return made

    def __len__(self) -> int:
        return len(self.place)

    def only(self, which: Flags | Ints) -> "Orders":
        """Those that are flagged, or in these places."""
        return Orders(self.topic, self.joined, *(getattr(self, name)[which] for name in COLUMNS))

    def at(self, places: Sequence[int]) -> "Orders":
        """Those in these places."""
        return self.only(np.array(places, np.int64))

    def without(self, places: Sequence[int]) -> "Orders":
        """All but those in these places."""
        return self.only(np.delete(np.arange(len(self)), places))

    def of(self, partitions: Set[Partition]) -> "Orders":
        """Those that came of these partitions."""
        others = [places for where, places in self.by_partition().items() if where not in partitions]
        return self.without(np.concatenate(others).tolist()) if others else self

    def elsewhere(self, partitions: int, is_home: Callable[[int, int], bool]) -> Ints:
        """The places of those that do not lie where their user belongs.

        partitions: so many the topic is taken to have. is_home: asked of each (partition, user_id) that does not seem
        at home among these.
        """
        doubted = np.flatnonzero(self.make(_homes, partitions) != self.partition)
        pairs = zip(self.partition[doubted].tolist(), self.user_id[doubted].tolist(), strict=True)
        return doubted[[not is_home(*each) for each in pairs]] if len(doubted) else doubted

    def order_ids(self) -> list[str]:
        text = self.joined.decode("latin-1")
        return [text[begin:end] for begin, end in zip(self.id_begin.tolist(), self.id_end.tolist(), strict=True)]

    def identities(self) -> list[bytes]:
        """As Transaction.identity has them, encoded."""
        places = zip(self.id_begin.tolist(), self.id_end.tolist(), self.user_id.tolist(), strict=True)
        return [b"%b %d" % (self.joined[begin:end], user) for begin, end, user in places]

    def by_partition(self) -> Mapping[Partition, Ints]:
        """Each partition that has any, and the places of its own, in order."""
        return self.make(_by_partition)

    @property
    def next_offsets(self) -> dict[Partition, int]:
        """For each (topic, partition), the offset after the last of them."""
        return {where: int(self.offset[places].max()) + 1 for where, places in self.by_partition().items()}

    def beginning_at(self, offsets: Mapping[Partition, int]) -> "Orders":
        """Those that stand at these offsets of their partitions, or behind them."""
        begins = np.zeros(len(self), np.int64)
        for where, places in self.by_partition().items():
            begins[places] = offsets[where]
        known = self.offset < begins
        return self.only(~known) if known.any() else self

    def rows(self) -> Iterator[tuple[Transaction, int, int, datetime]]:
        """Each order, with its partition, its offset, and when the broker received it."""
        columns = (self.user_id, self.amount, self.status, self.millis, self.partition, self.offset, self.received)
        rows = zip(self.order_ids(), *(column.tolist() for column in columns), strict=True)
        for order_id, user_id, amount, status, millis, partition, offset, received in rows:
            order = Transaction(order_id, user_id, amount, STATUSES[status], from_millis(millis))
            yield order, partition, offset, from_millis(received)


COLUMNS = tuple(each.name for each in fields(Orders))[2:-1]
"""which have a value for each order"""


def _by_partition(orders: Orders) -> Mapping[Partition, Ints]:
    numbers = np.flatnonzero(np.bincount(orders.partition)).tolist()
    return {(orders.topic, number): np.flatnonzero(orders.partition == number) for number in numbers}


def _homes(orders: Orders, partitions: int) -> Ints:
    # It brings a compiler along, as whoever has read orders in columns has.
    from streaming.column_homes import homes_of  # noqa: PLC0415

    return homes_of(orders.user_id, partitions)
