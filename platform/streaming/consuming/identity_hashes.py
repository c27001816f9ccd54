"""64 bits of each event's identity, for many at once, by a secret key. Pure.

Ids of orders are chosen by strangers. Of a hash that everybody can compute, they could find two ids that it takes for
one; of two different identities, this one's 64 bits are equal with a chance of 2⁻⁶⁴, whichever they are, for whoever
does not know the key. That is proven of multilinear hashing (Lemire and Kaser, "Strongly universal string hashing is
fast", 2014): the numbers of 32 bits that a text consists of, each times a number of the key, are added up, of which
the upper half of 64 bits is taken. Here two such halves stand side by side.
"""

from collections.abc import Sequence
from hashlib import blake2b, shake_256
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from streaming.columns import Orders

Ints = NDArray[np.int64]
Words = NDArray[np.uint64]

HALF, WORD = 4, 8
"""bytes"""
HALF_BITS, LOWER_HALF = np.uint64(8 * HALF), np.uint64(2**32 - 1)
FIRST_BYTES = np.array([(1 << 8 * count) - 1 for count in range(WORD + 1)], np.uint64)
"""of a word, so many of its bytes"""
NO_NUMBER = 2**64 - 1
MOST_DIGITS = 18
AT_ONCE = 4096
"""whose columns stay in the processor's cache"""


class IdentityHashes:
    """The same for the same key, in every process and on every machine."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._numbers: Words = np.zeros((0, 2), np.uint64)

    @property
    def name(self) -> str:
        """Tells hashes by this key from all others, and nothing of the key."""
        return blake2b(self._key, digest_size=WORD, person=b"multilinear-1").hexdigest()

    def of_orders(self, orders: "Orders") -> Ints:
        """Of the identities of orders in columns."""
        return self._of(orders.joined, orders.id_begin, orders.id_end, orders.user_id.astype(np.uint64))

    def of(self, identities: Sequence[str]) -> Ints:
        parts = [_parts(identity) for identity in identities]
        lengths = np.array([len(text) for text, _ in parts], np.int64)
        ends, numbers = np.cumsum(lengths), np.array([number for _, number in parts], np.uint64)
        return self._of(b"".join(text for text, _ in parts), ends - lengths, ends, numbers)

    def _of(self, joined: bytes, begins: Ints, ends: Ints, numbers: Words) -> Ints:
        """Of texts that stand one behind the other, each with its number."""
        hashes = np.empty(len(begins), np.uint64)
        longest = int((ends - begins).max(initial=0))
        # Whoever reads behind the last text reads zeros, or what is there.
        room = int(begins.max(initial=0)) + longest + WORD - len(joined)
        octets = joined + bytes(room) if room > 0 else joined
        words = np.ndarray(len(octets) - WORD + 1, "<u8", octets, strides=(1,))
        for start in range(0, len(begins), AT_ONCE):
            some = slice(start, start + AT_ONCE)
            hashes[some] = self._of_some(words, begins[some], ends[some], numbers[some])
        return hashes.view(np.int64)

    def _of_some(self, words: Words, begins: Ints, ends: Ints, numbers: Words) -> Words:
        lengths = ends - begins
        parts = range(0, int(lengths.max(initial=0)), WORD)
        text = [words[begins + at] & FIRST_BYTES[np.clip(lengths - at, 0, WORD)] for at in parts]
        columns = [lengths.astype(np.uint64), numbers, *text]
        factors = self._factors(1 + 2 * len(columns))
        left, right = np.full((2, len(begins)), factors[0][:, None])
        for place, column in enumerate(columns):
            for half, (one, other) in zip(
                (column & LOWER_HALF, column >> HALF_BITS), factors[1 + 2 * place : 3 + 2 * place], strict=True
            ):
                left += half * one
                right += half * other
        return left & ~LOWER_HALF | right >> HALF_BITS

    def _factors(self, count: int) -> Words:
        """So many pairs of random numbers, which are always the same: they are the key, made longer."""
        if count > len(self._numbers):
            self._numbers = np.frombuffer(shake_256(self._key).digest(2 * WORD * count), "<u8").reshape(count, 2)
        return self._numbers[:count]


def _parts(identity: str) -> tuple[bytes, int]:
    """An identity's text and the number behind it, if it ends with one, as an order's does with its user."""
    text, blank, number = identity.rpartition(" ")
    is_number = blank and number.isascii() and number.isdecimal() and len(number) <= MOST_DIGITS
    if is_number and (number == "0" or number[0] != "0"):
        return text.encode(), int(number)
    return identity.encode(), NO_NUMBER
