"""Counts that all processes of one server share, in memory: a storage for the library `limits`.

gunicorn's first process imports this before it forks, so that all its workers share the page of memory, as they do in
accounts/revocation.py. No Django here.
"""

import fcntl
import mmap
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from tempfile import TemporaryFile
from threading import Lock

from limits.storage import Storage

PLACES = 65_536
"""counts that are kept; a megabyte"""
LOOKED_AT = 8
"""places in which one count may stand"""
WORD = 8
MOST = 0xFFFF_FFFF
"""that is counted"""


class SharedCounts(Storage):
    """A table of places, each of two words: the key's digest; when the count ends (Unix seconds), and the count.

    A key that finds no place that is free or over takes that of the lowest count: who asks least is forgotten first.
    """

    STORAGE_SCHEME = None

    def __init__(self, places: int = PLACES) -> None:
        super().__init__()
        self._places = places
        # A file without a name: a lock on it ends with the process that holds it, however that ends.
        self._file = TemporaryFile()  # noqa: SIM115 - open for as long as the counts are kept
        self._file.truncate(2 * WORD * places)
        self._words = memoryview(mmap.mmap(self._file.fileno(), 2 * WORD * places)).cast("Q")
        self._secret = os.urandom(16)  # so that nobody chooses keys that meet in one place
        self._threads = Lock()

    @property
    def base_exceptions(self) -> type[Exception]:
        return OSError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count, and return how many there are now; a new count ends after so many seconds."""
        now, digest = int(time.time()), self._digest(key)
        with self._alone():
            place = self._place(digest, now)
            ends, count = self._count_at(place) if self._holds(place, digest, now) else (now + expiry, 0)
            self._words[2 * place] = digest
            self._words[2 * place + 1] = ends << 32 | min(count + amount, MOST)
            return count + amount

    def get(self, key: str) -> int:
        return self._found(key)[1]

    def get_expiry(self, key: str) -> float:
        return self._found(key)[0] or time.time()

    def check(self) -> bool:
        return True

    def reset(self) -> int:
        """Forget all; returns how many places there are."""
        with self._alone():
            for place in range(self._places):
                self._words[2 * place + 1] = 0
        return self._places

    def clear(self, key: str) -> None:
        now, digest = int(time.time()), self._digest(key)
        with self._alone():
            place = self._place(digest, now)
            if self._holds(place, digest, now):
                self._words[2 * place + 1] = 0

    def _found(self, key: str) -> tuple[int, int]:
        """When the count of a key ends, and the count; zeroes: there is none."""
        now, digest = int(time.time()), self._digest(key)
        with self._alone():
            place = self._place(digest, now)
            return self._count_at(place) if self._holds(place, digest, now) else (0, 0)

    def _place(self, digest: int, now: int) -> int:
        """Where the count of a key stands, or else where it may."""
        places = [(digest + step) % self._places for step in range(LOOKED_AT)]
        for place in places:
            if self._holds(place, digest, now):
                return place
        return min(places, key=lambda place: self._worth(place, now))

    def _holds(self, place: int, digest: int, now: int) -> bool:
        return self._words[2 * place] == digest and self._count_at(place)[0] > now

    def _worth(self, place: int, now: int) -> int:
        ends, count = self._count_at(place)
        return count if ends > now else 0

    def _count_at(self, place: int) -> tuple[int, int]:
        """When the count at this place ends, and the count."""
        word = self._words[2 * place + 1]
        return word >> 32, word & MOST

    def _digest(self, key: str) -> int:
        return int.from_bytes(blake2b(key.encode(), digest_size=WORD, key=self._secret).digest())

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep out other threads, which share our lock on the file, and other processes."""
        with self._threads:
            fcntl.lockf(self._file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN)


COUNTS = SharedCounts()
"""Of this process and those that it forks."""
