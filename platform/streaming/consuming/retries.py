"""Trying again what the database gave up for somebody else's sake."""

from collections.abc import Callable
from time import sleep
from typing import TypeVar

import structlog
from django.db import OperationalError

from database.errors import gave_way, number_of

log = structlog.get_logger(__name__)

PAUSES_SECONDS = (0.05, 0.1, 0.2, 0.5, 1)

BatchT = TypeVar("BatchT")


def again_if_given_up(handle: Callable[[BatchT], None]) -> Callable[[BatchT], None]:
    """A handler that tries the whole batch again when MySQL rolled it back for a lock; every other error rises at once.

    The handler must bear its batch twice, as each worker's does anyway.
    """

    def handle_until_done(batch: BatchT) -> None:
        for pause in PAUSES_SECONDS:
            try:
                return handle(batch)
            except OperationalError as error:
                if not gave_way(error):
                    raise
                log.warning("the database gave a batch up for a lock; once more", code=number_of(error))
                sleep(pause)
        return handle(batch)

    return handle_until_done
