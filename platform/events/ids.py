"""Ids for what the platform names itself: UUIDs of version 7 (RFC 9562, 5.7), which insert in order. Pure.

A random id goes anywhere in an index, so that a large table has every page of it read and written again; one that
begins with its time goes to the end.
"""

import secrets
import time

RANDOM_BITS = 62


def new_id() -> str:
    """An id of now that nobody can guess."""
    return uuid7(time.time_ns(), secrets.randbits(RANDOM_BITS))


def uuid7(nanoseconds: int, chance: int) -> str:
    """The id of a moment since 1970, told from others of that moment by `chance`, a number of RANDOM_BITS.

    What follows the milliseconds is the fraction of one (RFC 9562, 6.2, method 3): ids a quarter of a microsecond
    apart are in order, without a counter that processes and threads would have to share.
    """
    millis, rest = divmod(nanoseconds, 1_000_000)
    fraction = (rest << 12) // 1_000_000
    digits = f"{millis << 80 | 7 << 76 | fraction << 64 | 0b10 << 62 | chance:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
