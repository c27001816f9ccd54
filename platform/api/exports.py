"""Answers of any length, written as they are read. Each keeps a thread until its client has all of it."""

from collections.abc import Iterator
from threading import Lock
from weakref import finalize

from drf_spectacular.utils import OpenApiResponse

from api.problems import RETRY_AFTER_SECONDS, Problem, ProblemType

ONE_AT_A_TIME = Lock()
"""In each process, whose threads are few: four exports would leave none for anybody else."""

BUSY = OpenApiResponse(
    description="As CSV: a long list is being written already. `Retry-After` says when to ask again."
)


class Export(Iterator[bytes]):
    """The pieces of a long answer; raises a problem (503) where this process is writing another one.

    The next may begin when this one has ended, has failed, is closed by the server because its client has gone, or is
    dropped by whoever was to send it.
    """

    def __init__(self, pieces: Iterator[bytes]) -> None:
        if not ONE_AT_A_TIME.acquire(blocking=False):
            raise Problem(
                ProblemType.UNAVAILABLE,
                "A long list is being written already: send this again a little later, or ask page by page with "
                "`limit`.",
                headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
            )
        self._pieces = pieces
        self._make_way = finalize(self, ONE_AT_A_TIME.release)

    def __next__(self) -> bytes:
        try:
            return next(self._pieces)
        except BaseException:  # also the end
            self.close()
            raise

    def close(self) -> None:
        self._make_way()
