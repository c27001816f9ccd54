"""Trying again what the database gave up for somebody else's sake."""

from collections.abc import Callable
from time import sleep
from typing import TypeVar

import structlog
from django.db import OperationalError

log = structlog.get_logger(__name__)

GIVEN_UP = {
    1205,  # a lock was not to be had in time
    1213,  # of two transactions that waited for each other, this one was chosen to yield
}
PAUSES_SECONDS = (0.05, 0.1, 0.2, 0.5, 1)

Batch = TypeVar("Batch")


def again_if_given_up(handle: Callable[[Batch], None]) -> Callable[[Batch], None]:
    """A handler that tries the whole batch again when MySQL rolled it back for a lock; every other error rises at once.

    The handler must bear its batch twice, as each worker's does anyway.
    """

    def handle_until_done(batch: Batch) -> None:
        for pause in PAUSES_SECONDS:
            try:
                return handle(batch)
            except OperationalError as error:
                if not error.args or error.args[0] not in GIVEN_UP:
                    raise
                log.warning("the database gave a batch up for a lock; once more", code=error.args[0])
                sleep(pause)
        return handle(batch)

    return handle_until_done
