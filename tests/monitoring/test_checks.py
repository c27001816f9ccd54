from threading import Event
from time import perf_counter

import pytest

from monitoring.checks import Check, Down, ask_all


def up() -> None:
    """A part that answers."""


def sleep_until(event: Event, timeout: float) -> None:
    event.wait(timeout)


def test_the_reason_of_a_part_that_is_down_is_told() -> None:
    def ask() -> None:
        raise Down("The cellar is flooded.")

    [part] = ask_all([Check("cellar", True, ask)])
    assert part.why == "The cellar is flooded."


def test_a_check_that_fails_unexpectedly_tells_no_more_than_the_kind_of_error() -> None:
    def ask() -> None:
        raise ValueError("password=hunter2")

    [part] = ask_all([Check("cellar", True, ask)])
    assert "ValueError" in part.why
    assert "hunter2" not in part.why


def test_a_silent_part_keeps_nobody_waiting() -> None:
    released = Event()
    start = perf_counter()
    silent, other = ask_all([Check("silent", True, lambda: sleep_until(released, 30)), Check("other", True, up)], 0.1)
    elapsed = perf_counter() - start
    released.set()
    assert elapsed < 1
    assert "did not answer within 0.1 s" in silent.why
    assert other.why == ""


def test_parts_are_asked_at_once() -> None:
    met = [Event(), Event()]

    def meet(mine: Event, others: Event) -> None:
        mine.set()
        if not others.wait(5):
            raise Down("The other was not asked meanwhile.")

    parts = ask_all(
        [Check("a", True, lambda: meet(met[0], met[1])), Check("b", True, lambda: meet(met[1], met[0]))], timeout=10
    )
    assert [part.why for part in parts] == ["", ""]


@pytest.mark.parametrize("milliseconds", [30])
def test_latency_is_in_milliseconds(milliseconds: int) -> None:
    [part] = ask_all([Check("slow", True, lambda: sleep_until(Event(), milliseconds / 1000))])
    assert milliseconds <= part.latency_ms < 20 * milliseconds
