"""A value that is costly to get and asked for often."""

from collections.abc import Callable
from threading import Lock
from time import monotonic
from typing import Generic, TypeVar

T = TypeVar("T")


class Fresh(Generic[T]):
    """Keeps what `make` gave for some seconds; those who ask meanwhile, or while it is made, share it.

    An exception is not kept: it rises to the one whose asking caused it.
    """

    def __init__(self, make: Callable[[], T], *, seconds: float, clock: Callable[[], float] = monotonic) -> None:
        self._make = make
        self._seconds = seconds
        self._clock = clock
        self._lock = Lock()
        self._kept: tuple[float, T] | None = None

    def get(self) -> T:
        with self._lock:
            if self._kept is None or self._clock() - self._kept[0] >= self._seconds:
                # The time is taken afterwards: what took long to make must not be stale as soon as it is there.
                value = self._make()
                self._kept = (self._clock(), value)
            return self._kept[1]

    def forget(self) -> None:
        with self._lock:
            self._kept = None
