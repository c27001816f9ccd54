"""Where the users of many records belong, worked out for all at once by a compiled loop. Pure."""

import numpy as np
from numba import types

from streaming import partitioner
from streaming.columns import Ints
from streaming.compiling import INTS, WORDS, compiled

ZERO = ord("0")
MOST_DIGITS = 20

# The very function, so that there is one.
_murmur2 = compiled(types.int64(types.uint8[::1]))(partitioner.murmur2)


def homes_of(user_ids: Ints, partitions: int) -> Ints:
    """partitioner.home_of() of each user; user_ids: from 0 on."""
    homes = np.empty(len(user_ids), np.int64)
    _place(user_ids, partitions, homes)
    return homes


@compiled(types.void(INTS, types.int64, WORDS))
def _place(user_ids: Ints, partitions: int, homes: Ints) -> None:
    digits = np.empty(MOST_DIGITS, np.uint8)
    for nth in range(len(user_ids)):
        left, begin = user_ids[nth], MOST_DIGITS
        while left > 0 or begin == MOST_DIGITS:
            begin -= 1
            digits[begin] = ZERO + left % 10
            left //= 10
        homes[nth] = (_murmur2(digits[begin:]) & 0x7FFFFFFF) % partitions
