"""Orders of a batch in columns: what is plainly right is read in a compiled loop. Pure.

Only what can be nothing but a plausible order, written with our own schema, comes into columns. Whatever leaves a doubt
(another schema's id, a tombstone, bytes too few or too many, letters beyond ASCII, an amount or a moment beyond a
limit, or before 1970) is left to `decoding.decode`, one by one. So there is one place that says why a message is
invalid, and a mistake in this one that is too strict costs time, and nothing else.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np
from numba import types

from events.money import Ledger
from events.plausibility import FUTURE_TOLERANCE, MAX_ORDER_ID_LENGTH, MAX_USER_ID
from events.time import MILLISECOND, in_millis
from streaming.columns import (
    AMOUNT_BYTES,
    COLUMNS,
    LATEST_MILLIS,
    MILLIS_BYTES,
    MOST_RECORDS,
    STATUSES,
    USER_ID_BYTES,
    Ints,
    Octets,
    Orders,
)
from streaming.compiling import INTS, OCTETS, TABLE, compiled

MOST_BYTES = 5 + 2 + MAX_ORDER_ID_LENGTH + USER_ID_BYTES + AMOUNT_BYTES + 1 + MILLIS_BYTES
"""of a value: header, length and letters of the id, user, amount, status, and a moment until the year 10889"""
CONTINUED = 0x80
"""from here on a byte is not the last one of a number of Avro, and no ASCII"""
NUMBER_BYTES, DOUBLE_BYTES = 9, 8
"""of a number at the most: what has more bits than these hold is none of ours"""
NOWHERE = 2**62
"""behind every end, so that whatever is looked for from there on is not found either"""
PLACE, PARTITION, OFFSET, RECEIVED, ID_BEGIN, ID_END, USER_ID, AMOUNT, CENTS, STATUS, MILLIS = range(11)
"""the columns that _read() fills: those of Orders; of the amounts the bits"""


class Delivered(NamedTuple):
    """Messages of one topic, one in each place of every column, in the order in which they came."""

    topic: str
    values: Sequence[bytes | None]
    partition: Ints
    offset: Ints
    received: Ints
    """when the broker received each, in milliseconds since 1970; negative: not known"""


class Stretch(NamedTuple):
    """Messages of one topic, as Delivered, but that their values stand in `joined`, whatever stands between them."""

    topic: str
    joined: bytes
    begins: Ints
    ends: Ints
    """where each value stands; an empty one is no order"""
    partition: Ints
    offset: Ints
    received: Ints


def plain_orders(delivered: Delivered, header: bytes, earliest: datetime) -> Orders:
    """Those of a batch's messages that are plausible orders beyond doubt.

    header: the first bytes of a record of our own schema. earliest: before this the shop had no orders. At most
    MOST_RECORDS messages.
    """
    # No plain order is longer, and whatever somebody sends is not to be held several times.
    values = [value if value and len(value) <= MOST_BYTES else b"" for value in delivered.values]
    lengths = np.array([len(value) for value in values], np.int64)
    ends = np.cumsum(lengths)
    joined = Stretch(delivered.topic, b"".join(values), ends - lengths, ends, *delivered[2:])
    return orders_in(joined, header, earliest)


def orders_in(stretch: Stretch, header: bytes, earliest: datetime) -> Orders:
    """As plain_orders(), of messages whose values are joined already."""
    topic, joined, begins, *others = stretch
    if len(begins) > MOST_RECORDS:
        raise ValueError(f"{len(begins)} values are more than {MOST_RECORDS}")
    columns = np.empty((len(COLUMNS), len(begins)), np.int64)
    octets = (np.frombuffer(each, np.uint8) for each in (header, joined))
    tolerance, currency = FUTURE_TOLERANCE // MILLISECOND, Ledger.currency
    limits = (MAX_ORDER_ID_LENGTH, MAX_USER_ID, len(STATUSES), max(0, in_millis(earliest)), LATEST_MILLIS, tolerance)
    taken = _read(*octets, begins, *others, *limits, currency.most, currency.parts, columns)
    found = list(columns[:, :taken])
    found[AMOUNT] = found[AMOUNT].view(np.float64)
    return Orders(topic, joined, *found)


@compiled(types.int64(OCTETS, types.int64))
def _octet(octets: Octets, at: int) -> np.int64:
    # A place that may be negative is one from the end: numba would look each time, and takes twice as long.
    return np.int64(octets[np.uint64(at)])


@compiled(types.boolean(OCTETS, OCTETS, types.int64, types.int64))
def _starts_with(header: Octets, octets: Octets, begin: int, end: int) -> bool:
    """Whether what stands from `begin` on and before `end` does."""
    if end - begin < len(header):
        return False
    same = True
    for nth in range(len(header)):
        same &= bool(_octet(octets, begin + nth) == _octet(header, nth))
    return same


@compiled(types.UniTuple(types.int64, 2)(OCTETS, types.int64, types.int64))
def _number(octets: Octets, at: int, end: int) -> tuple[np.int64, int]:
    """The number of Avro that begins there, and where it ends: NOWHERE, if not before `end`, or if it is too long."""
    raw = np.int64(0)
    for nth in range(min(NUMBER_BYTES, end - at)):
        octet = _octet(octets, at + nth)
        raw |= (octet & 0x7F) << 7 * nth
        if octet < CONTINUED:
            return (raw >> 1) ^ -(raw & 1), at + nth + 1
    return raw, NOWHERE


@compiled(types.UniTuple(types.int64, 2)(OCTETS, types.int64, types.int64, types.int64))
def _text(octets: Octets, at: int, end: int, longest: int) -> tuple[int, int]:
    """Where the string of Avro that stands there begins and ends: NOWHERE, if it is empty, too long, or no ASCII."""
    length, begin = _number(octets, at, end)
    if not 0 < length <= min(longest, end - begin):
        return begin, NOWHERE
    found = np.int64(0)
    for nth in range(length):
        found |= _octet(octets, begin + nth)
    return begin, begin + length if found < CONTINUED else NOWHERE


@compiled(types.UniTuple(types.int64, 2)(OCTETS, types.int64, types.int64))
def _double(octets: Octets, at: int, end: int) -> tuple[np.int64, int]:
    """The bits of the double that stands there, and where it ends: NOWHERE, if not before `end`."""
    bits = np.int64(0)
    if end - at < DOUBLE_BYTES:
        return bits, NOWHERE
    for nth in range(DOUBLE_BYTES):
        bits |= _octet(octets, at + nth) << 8 * nth
    return bits, at + DOUBLE_BYTES


@compiled(types.int64(OCTETS, OCTETS, *[INTS] * 5, *[types.int64] * 6, types.float64, types.int64, TABLE))
def _read(  # noqa: PLR0917 - numba knows no others
    header: Octets,
    octets: Octets,
    begins: Ints,
    ends: Ints,
    partition: Ints,
    offset: Ints,
    received: Ints,
    longest_id: int,
    most_user_id: int,
    statuses: int,
    earliest: int,
    latest: int,
    tolerance: int,
    most_amount: float,
    parts: int,
    columns: Ints,
) -> int:
    """Fill the columns with what is plain, and return how many that are.

    Nothing is read from beyond an end, whatever a value says of itself. tolerance: so many milliseconds after it was
    received an order may say that it was made; latest: before this it was received.
    """
    taken = 0
    for place in range(len(begins)):
        begin, end, came = begins[place], ends[place], received[place]
        if not 0 <= begin <= end <= len(octets) or not _starts_with(header, octets, begin, end):
            continue
        id_begin, id_end = _text(octets, begin + len(header), end, longest_id)
        user_id, at = _number(octets, id_end, end)
        bits, at = _double(octets, at, end)
        status, at = _number(octets, at, end)
        millis, at = _number(octets, at, end)
        amount = np.int64(bits).view(np.float64)  # numba asks for the type
        if (
            at == end
            and 0 <= user_id <= most_user_id
            and abs(amount) <= most_amount
            and 0 <= status < statuses
            and 0 <= came < latest
            and earliest <= millis <= came + tolerance
        ):
            columns[PLACE, taken] = place
            columns[PARTITION, taken] = partition[place]
            columns[OFFSET, taken] = offset[place]
            columns[RECEIVED, taken] = came
            columns[ID_BEGIN, taken], columns[ID_END, taken] = id_begin, id_end
            columns[USER_ID, taken] = user_id
            columns[AMOUNT, taken] = bits
            # As to_cents() does.
            columns[CENTS, taken] = np.int64(np.rint(amount * parts))
            columns[STATUS, taken] = status
            columns[MILLIS, taken] = millis
            taken += 1
    return taken
