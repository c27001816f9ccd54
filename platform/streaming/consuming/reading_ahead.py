"""Reading what comes next in a thread of its own, while the present is dealt with. Pure."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

ReadT = TypeVar("ReadT")
KeptT = TypeVar("KeptT")


class ReadingAtOnce(Generic[ReadT]):
    """Nothing is read before it is asked for, and all by the thread that asks."""

    is_awaited = True
    """somebody has nothing to do but wait for what is being read"""

    def __init__(self, read: Callable[[], ReadT]) -> None:
        self._read = read

    def take(self, keep: Callable[[ReadT], KeptT]) -> KeptT:
        """What `keep` leaves of what is read; raises what the reading raises."""
        return keep(self._read())

    def close(self) -> None:
        """From then on nothing is being read."""


class ReadingAhead(ReadingAtOnce[ReadT]):
    """One read ahead of whoever takes them, and never more.

    read: called by one thread at a time: ours, but for `keep` of take(). What it uses is its own but for what bears two
    threads. It must end by itself, and soon once `is_awaited`.
    """

    def __init__(self, read: Callable[[], ReadT]) -> None:
        super().__init__(read)
        self._thread = ThreadPoolExecutor(1, "reading")
        self._next: Future[ReadT] | None = None
        self.is_awaited = False

    def take(self, keep: Callable[[ReadT], KeptT]) -> KeptT:
        """What `keep` leaves of what was read, which it looks at while nothing is being read; then the next is read.

        Waits until it has been read. Raises what the reading raised.
        """
        self.is_awaited = True
        read = (self._next or self._thread.submit(self._read)).result()
        self.is_awaited = False
        kept = keep(read)
        self._next = self._thread.submit(self._read)
        return kept

    def close(self) -> None:
        """Throw away what was read ahead; from then on nothing is being read."""
        self.is_awaited = True
        self._thread.shutdown(cancel_futures=True)
