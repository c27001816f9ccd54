"""The moment of the last revocation, as every process of one server sees it at once.

gunicorn's first process imports this before it forks, so that all its workers share the page of memory. No Django here.
"""

import mmap
import os

MARK_BYTES = 8

# Of this process and those that it forks. Each mark is a new random number: two that are set at the same time by two
# processes both differ from what was there before, which a counter could not promise without a lock.
_shared = mmap.mmap(-1, MARK_BYTES)


def last() -> bytes:
    """A mark that differs after every revocation."""
    return _shared[:MARK_BYTES]


def mark() -> None:
    """Something was revoked: whatever was looked up before holds no longer."""
    _shared[:MARK_BYTES] = os.urandom(MARK_BYTES)
