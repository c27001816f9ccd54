import os
import signal
from collections.abc import Iterator

import pytest

from streaming.shutdown import on_shutdown, shutdown_requested

ENDINGS = (signal.SIGTERM, signal.SIGINT)


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in ENDINGS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", ENDINGS)
def test_a_loop_learns_that_it_is_to_end(number: int) -> None:
    requested = shutdown_requested()
    assert not requested.is_set()
    os.kill(os.getpid(), number)
    assert requested.wait(10)


def test_whatever_is_to_end_is_called_in_order_and_what_was_before_is_not() -> None:
    called: list[str] = []
    on_shutdown(lambda: called.append("earlier"))
    on_shutdown(lambda: called.append("event"), lambda: called.append("worker"))
    os.kill(os.getpid(), signal.SIGTERM)
    assert called == ["event", "worker"]
