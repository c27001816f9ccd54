"""Where the users of many records belong, worked out for all at once: the same as partitioner.home_of(). Pure."""

import numpy as np
from numpy.typing import NDArray

from streaming.partitioner import SEED, M, R

Ints = NDArray[np.int64]
Hashes = NDArray[np.uint32]
TENS = 10 ** np.arange(1, 19)
WORD = 4
"""bytes"""


def homes_of(user_ids: Ints, partitions: int) -> Ints:
    """The partition, of so many, on which the events of each user belong; user_ids: from 0 on."""
    homes = np.empty(len(user_ids), np.int64)
    lengths = np.searchsorted(TENS, user_ids, side="right") + 1
    for length in np.unique(lengths).tolist():
        of_this = np.flatnonzero(lengths == length)
        homes[of_this] = (_murmur2(user_ids[of_this], length) & 0x7FFFFFFF) % partitions
    return homes


def _murmur2(numbers: Ints, length: int) -> Hashes:
    """partitioner.murmur2() of the decimal digits, of which each number has so many; what overflows is cut off."""
    digits = [(numbers // 10**place % 10 + ord("0")).astype(np.uint32) for place in reversed(range(length))]
    m, whole = np.uint32(M), length // WORD * WORD
    h = np.full(len(numbers), (SEED ^ length), np.uint32)
    for start in range(0, whole, WORD):
        k = _word(digits[start : start + WORD]) * m
        h = h * m ^ (k ^ k >> np.uint32(R)) * m
    if whole < length:
        h = (h ^ _word(digits[whole:])) * m
    h = (h ^ h >> np.uint32(13)) * m
    return h ^ h >> np.uint32(15)


def _word(digits: list[Hashes]) -> Hashes:
    """Bytes as one number, little-endian."""
    word = digits[0]
    for place, digit in enumerate(digits[1:], 1):
        word = word | digit << np.uint32(8 * place)
    return word
