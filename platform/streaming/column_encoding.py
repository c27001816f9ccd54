"""Orders in columns, and the values of their records, byte by byte as `schemas.avro.Codec` writes each. Pure.

The way back from `columns.py`, which reads such values.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from events.plausibility import MAX_USER_ID
from events.time import from_millis
from events.transactions import Transaction
from streaming.columns import (
    AMOUNT_BYTES,
    MILLIS_BYTES,
    ONE_BYTE,
    STATUSES,
    USER_ID_BYTES,
    Flags,
    Ints,
    Octets,
)

LENGTH_BYTES = 2
"""of an order_id's length: ids of up to 8,191 bytes"""


@dataclass(frozen=True, slots=True)
class OrderColumns:
    """Orders that are to be sent, one in each place of every column."""

    order_id: NDArray[np.bytes_]
    """UTF-8 without a zero at the end, where numpy would lose it"""
    user_id: Ints
    amount: NDArray[np.float64]
    status: Ints
    """index in STATUSES"""
    millis: Ints
    """since 1970"""

    def __len__(self) -> int:
        return len(self.user_id)

    def __getitem__(self, which: slice) -> "OrderColumns":
        return OrderColumns(*(getattr(self, field.name)[which] for field in fields(self)))

    def transactions(self) -> Iterator[Transaction]:
        """Each order as an event."""
        columns = (getattr(self, field.name).tolist() for field in fields(self))
        for order_id, user_id, amount, status, millis in zip(*columns, strict=True):
            yield Transaction(order_id.decode(), user_id, amount, STATUSES[status], from_millis(millis))


def encoded(orders: OrderColumns, header: bytes) -> list[bytes]:
    """The value of each order's record; header: with which all begin that are of the schema of orders.

    Raises OverflowError for a number that its field does not hold.
    """
    if len(orders) and not 0 <= orders.user_id.min() <= orders.user_id.max() <= MAX_USER_ID:
        raise OverflowError(f"users are numbered from 0 to {MAX_USER_ID}")
    rows = _Rows(len(orders), len(header) + LENGTH_BYTES + orders.order_id.itemsize + MOST_OF_THE_OTHERS)
    rows.put(np.frombuffer(header, np.uint8))
    rows.put_texts(orders.order_id)
    rows.put_numbers(orders.user_id, USER_ID_BYTES)
    rows.put(orders.amount.astype("<f8").view(np.uint8).reshape(-1, AMOUNT_BYTES))
    rows.put_numbers(orders.status, 1)
    rows.put_numbers(orders.millis, MILLIS_BYTES)
    return rows.values()


MOST_OF_THE_OTHERS = USER_ID_BYTES + AMOUNT_BYTES + 1 + MILLIS_BYTES
"""bytes of the fields behind the id"""


class _Rows:
    """A row of bytes for each value, its fields at the same places in all rows, and which of the bytes are used."""

    def __init__(self, count: int, width: int) -> None:
        self._octets: Octets = np.zeros((count, width), np.uint8)
        self._used: Flags = np.ones((count, width), np.bool_)
        self._at = 0

    def put(self, octets: Octets) -> None:
        """The next bytes, those of each row or the same of all; every one is used."""
        self._octets[:, self._next(octets.shape[-1])] = octets

    def put_texts(self, texts: NDArray[np.bytes_]) -> None:
        """The next field, as strings of Avro: the length, then as many bytes."""
        width = texts.itemsize
        lengths = np.char.str_len(texts)
        self.put_numbers(lengths, LENGTH_BYTES)
        self._used[:, self._at : self._at + width] = np.arange(width) < lengths[:, None]
        self.put(np.ascontiguousarray(texts).view(np.uint8).reshape(-1, width))

    def put_numbers(self, numbers: Ints, most: int) -> None:
        """The next field, as numbers of Avro: zigzag, seven bits a byte, the lowest first; of so many bytes at most."""
        left = ((numbers << 1) ^ (numbers >> 63)).view(np.uint64)
        for nth in range(most):
            at = self._next(1)
            if nth:
                self._used[:, at] = (left > 0)[:, None]
            self._octets[:, at] = (left & 0x7F | np.where(left >= ONE_BYTE, ONE_BYTE, 0).astype(np.uint64))[:, None]
            left >>= np.uint64(7)
        if left.any():
            raise OverflowError(f"a number of Avro takes more than {most} bytes")

    def values(self) -> list[bytes]:
        """The used bytes of each row."""
        joined = self._octets[self._used].tobytes()
        ends = np.cumsum(self._used.sum(axis=1)).tolist()
        return [joined[begin:end] for begin, end in zip([0, *ends], ends, strict=False)]

    def _next(self, width: int) -> slice:
        place = slice(self._at, self._at + width)
        self._at += width
        return place
