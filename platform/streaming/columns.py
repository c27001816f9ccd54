"""Orders of a batch as columns: what is plainly right is read for all of them at once. Pure.

Only what can be nothing but a plausible order, written with our own schema, comes into columns. Whatever leaves a doubt
(another schema's id, a tombstone, bytes too few or too many, letters beyond ASCII, an amount or a moment beyond a
limit, or before 1970) is left to `decoding.decode`, one by one. So there is one place that says why a message is
invalid, and a mistake in this one that is too strict costs time, and nothing else.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from events.money import Ledger
from events.plausibility import FUTURE_TOLERANCE, MAX_ORDER_ID_LENGTH, MAX_USER_ID
from events.time import MILLISECOND, from_millis, in_millis
from events.transactions import Status, Transaction
from streaming.column_homes import homes_of
from streaming.partitioner import Partition

Octets = NDArray[np.uint8]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

STATUSES = tuple(Status)
"""in the order of the symbols of schemas/transaction.avsc"""
HEADER_BYTES = 5
ONE_BYTE = 0x80
"""from here on a number of Avro takes more than one byte"""
USER_ID_BITS = MAX_USER_ID.bit_length()
USER_ID_BYTES, MILLIS_BYTES, AMOUNT_BYTES = 5, 7, 8
"""at the most; seven bytes reach to the year 10889"""
LATEST_MILLIS = in_millis(datetime.fromisoformat("9999-12-30T00:00:00Z"))
"""so that a day may be added to it"""
MOST_BYTES = HEADER_BYTES + 1 + MAX_ORDER_ID_LENGTH + USER_ID_BYTES + AMOUNT_BYTES + 1 + MILLIS_BYTES
MOST_RECORDS = 90_000
"""whose cents add up within 64 bits, whatever they are"""


class Delivered(NamedTuple):
    """Messages of one topic, one in each place of every column, in the order in which they came."""

    topic: str
    values: Sequence[bytes | None]
    partition: Ints
    offset: Ints
    received: Ints
    """when the broker received each, in milliseconds since 1970; negative: not known"""


class Stretch(NamedTuple):
    """Messages of one topic, as Delivered, but that their values stand in `joined`."""

    topic: str
    joined: bytes
    """the values, whatever stands between them, and at least MOST_BYTES of zeros"""
    begins: Ints
    ends: Ints
    """where each value stands; an empty one is no order"""
    partition: Ints
    offset: Ints
    received: Ints


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

    def __len__(self) -> int:
        return len(self.place)

    def only(self, which: Flags | Ints) -> "Orders":
        """Those that are flagged, or in these places."""
        columns = [field.name for field in fields(self)[2:]]
        return Orders(self.topic, self.joined, *(getattr(self, name)[which] for name in columns))

    def at(self, places: Sequence[int]) -> "Orders":
        """Those in these places."""
        return self.only(np.array(places, np.int64))

    def without(self, places: Sequence[int]) -> "Orders":
        """All but those in these places."""
        return self.only(np.delete(np.arange(len(self)), places))

    def elsewhere(self, partitions: int, is_home: Callable[[int, int], bool]) -> Ints:
        """The places of those that do not lie where their user belongs.

        partitions: so many the topic is taken to have. is_home: asked of each (partition, user_id) that does not seem
        at home among these.
        """
        doubted = np.flatnonzero(homes_of(self.user_id, partitions) != self.partition)
        pairs = zip(self.partition[doubted].tolist(), self.user_id[doubted].tolist(), strict=True)
        return doubted[[not is_home(*each) for each in pairs]] if len(doubted) else doubted

    def order_ids(self) -> list[str]:
        text = self.joined.decode("latin-1")
        return [text[begin:end] for begin, end in zip(self.id_begin.tolist(), self.id_end.tolist(), strict=True)]

    def identities(self) -> list[bytes]:
        """As Transaction.identity has them, encoded."""
        places = zip(self.id_begin.tolist(), self.id_end.tolist(), self.user_id.tolist(), strict=True)
        return [b"%b %d" % (self.joined[begin:end], user) for begin, end, user in places]

    def by_partition(self) -> Iterator[tuple[Partition, Ints]]:
        """Each partition that has any, and the places of its own, in order."""
        for number in np.flatnonzero(np.bincount(self.partition)).tolist():
            yield (self.topic, number), np.flatnonzero(self.partition == number)

    @property
    def next_offsets(self) -> dict[Partition, int]:
        """For each (topic, partition), the offset after the last of them."""
        return {where: int(self.offset[places].max()) + 1 for where, places in self.by_partition()}

    def beginning_at(self, offsets: Mapping[Partition, int]) -> "Orders":
        """Those that stand at these offsets of their partitions, or behind them."""
        begins = np.zeros(len(self), np.int64)
        for where, places in self.by_partition():
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


def plain_orders(delivered: Delivered, header: bytes, earliest: datetime) -> Orders:
    """Those of a batch's messages that are plausible orders beyond doubt.

    header: the first bytes of a record of our own schema. earliest: before this the shop had no orders. At most
    MOST_RECORDS messages.
    """
    # No plain order is longer, and whatever somebody sends is not to be held several times.
    values = [value if value and len(value) <= MOST_BYTES else b"" for value in delivered.values]
    lengths = np.array([len(value) for value in values], np.int64)
    ends = np.cumsum(lengths)
    joined = b"".join([*values, bytes(MOST_BYTES)])
    topic, _, partition, offset, received = delivered
    return orders_in(Stretch(topic, joined, ends - lengths, ends, partition, offset, received), header, earliest)


def orders_in(stretch: Stretch, header: bytes, earliest: datetime) -> Orders:
    """As plain_orders(), of messages whose values are joined already."""
    topic, joined, begins, ends, partition, offset, received = stretch
    if len(begins) > MOST_RECORDS:
        raise ValueError(f"{len(begins)} values are more than {MOST_RECORDS}")
    # Whoever reads beyond an end reads zeros, or what comes next, and is found not to have ended where it should.
    octets = np.frombuffer(joined, np.uint8)
    place = np.flatnonzero(_starts_with(header, octets, begins) & (ends - begins > HEADER_BYTES))
    found = _Found(octets, joined, place, begins[place], ends[place])
    told = _Told(topic, partition[place], offset[place], received[place])
    return _read(found, told, max(0, in_millis(earliest)))


class _Found(NamedTuple):
    octets: Octets
    """of `joined`"""
    joined: bytes
    place: Ints
    begins: Ints
    ends: Ints


class _Told(NamedTuple):
    topic: str
    partition: Ints
    offset: Ints
    received: Ints


def _starts_with(header: bytes, octets: Octets, begins: Ints) -> Flags:
    same = np.ones(len(begins), np.bool_)
    for at, octet in enumerate(header):
        same &= octets[begins + at] == octet
    return same


def _read(found: _Found, told: _Told, earliest: int) -> Orders:
    octets, joined, place, begins, ends = found
    topic, partition, offset, received = told
    length = octets[begins + HEADER_BYTES].astype(np.int64)
    id_begin = begins + HEADER_BYTES + 1
    id_end = id_begin + length // 2
    sure = (length % 2 == 0) & (length < ONE_BYTE) & (length > 0) & (id_end <= ends)
    # What is in doubt already is read all the same, from a place where there is something.
    id_end = np.where(sure, id_end, id_begin)
    user_id, at, whole = _numbers(octets, id_end, USER_ID_BYTES)
    sure &= whole & _is_ascii(octets, id_begin, id_end) & (user_id >= 0) & (user_id <= MAX_USER_ID)
    amount, cents, believable = _money(octets, at)
    status, at, short = _numbers(octets, at + AMOUNT_BYTES, 1)
    sure &= believable & short & (status >= 0) & (status < len(STATUSES))
    millis, at, whole = _numbers(octets, at, MILLIS_BYTES)
    latest = np.where((received >= 0) & (received < LATEST_MILLIS), received + FUTURE_TOLERANCE // MILLISECOND, -1)
    sure &= whole & (at == ends) & (millis >= earliest) & (millis <= latest)
    read = Orders(
        topic,
        joined,
        place,
        partition,
        offset,
        received,
        id_begin,
        id_end,
        user_id,
        amount,
        cents,
        status,
        millis,
    )
    return read.only(sure)


def _numbers(octets: Octets, begins: Ints, most: int) -> tuple[Ints, Ints, Flags]:
    """The numbers that begin there, where each ends, and whether it does within so many bytes."""
    raw, ends, going_on = np.zeros(len(begins), np.int64), begins.copy(), np.ones(len(begins), np.bool_)
    for nth in range(most):
        octet = octets[begins + nth].astype(np.int64)
        raw |= np.where(going_on, (octet & 0x7F) << 7 * nth, 0)
        ends += going_on
        going_on &= octet >= ONE_BYTE
    return (raw >> 1) ^ -(raw & 1), ends, ~going_on


def _is_ascii(octets: Octets, begins: Ints, ends: Ints) -> Flags:
    above = np.flatnonzero(octets >= ONE_BYTE)
    return np.equal(np.searchsorted(above, begins), np.searchsorted(above, ends))


def _money(octets: Octets, begins: Ints) -> tuple[NDArray[np.float64], Ints, Flags]:
    """The doubles there, whole cents of them, rounded as to_cents() does, and whether they are believable."""
    amounts = octets[begins[:, None] + np.arange(AMOUNT_BYTES)].view("<f8").reshape(-1)
    currency = Ledger.currency
    believable = np.abs(amounts) <= currency.most
    return amounts, np.rint(np.where(believable, amounts, 0) * currency.parts).astype(np.int64), believable
