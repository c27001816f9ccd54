"""What may be written a moment later is written by a thread, in portions: no request waits for it."""

import time
from collections.abc import Callable
from threading import Thread

import structlog
from django.db import Error, close_old_connections

log = structlog.get_logger(__name__)

Write = Callable[[], object]
"""Writes what has come since the last time; what fails is kept for the next time, and raises Error."""


def keep_writing(what: str, write: Write, every_seconds: float) -> Thread:
    """Write again and again, from a thread that ends with the process."""

    def again_and_again() -> None:
        while True:
            time.sleep(every_seconds)
            write_or_say(what, write)

    thread = Thread(target=again_and_again, name=what, daemon=True)
    thread.start()
    return thread


def write_or_say(what: str, write: Write) -> None:
    """Write, or say in the log that it has to wait."""
    close_old_connections()
    try:
        write()
    except Error as error:
        log.warning("not written down yet", what=what, error=str(error))
    finally:
        close_old_connections()
