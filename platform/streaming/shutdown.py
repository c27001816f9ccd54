"""How a process of ours learns that it is to end: by SIGTERM from its supervisor, by SIGINT from a terminal."""

import signal
from collections.abc import Callable
from threading import Event
from typing import Any


def on_shutdown(*calls: Callable[[], None]) -> None:
    """Have these called, in order, instead of those before; it may happen between any two steps of a loop."""

    def end(*_: Any) -> None:
        for call in calls:
            call()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)


def shutdown_requested() -> Event:
    """An event that is set once the process is to end: for loops to look at, and to wait on."""
    requested = Event()
    on_shutdown(requested.set)
    return requested
