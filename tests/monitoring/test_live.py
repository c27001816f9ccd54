"""What every screen asks for is computed once for all of them."""

from collections.abc import Callable
from threading import Barrier, Event, Thread
from typing import Any

import pytest

from monitoring import checks, live
from monitoring.health import Part
from monitoring.live import Panel, rows_of

Row = dict[str, Any]


def panel(source: Callable[[int], list[Row]], seconds: float = 3600) -> Panel:
    return Panel("panel", source, 1, seconds, live.STAFF)


def asked_by_many(ask: Callable[[], Any]) -> list[Any]:
    """What each of five threads gets that ask at the same time."""
    together, answers = Barrier(5), list[Any]()

    def once() -> None:
        together.wait()
        answers.append(ask())

    threads = [Thread(target=once) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


class Computation:
    """Gives how often it was begun; waits a moment for one that is begun meanwhile, which must not come."""

    def __init__(self) -> None:
        self.begun = 0
        self._again = Event()

    def __call__(self) -> int:
        self.begun += 1
        if self.begun > 1:
            self._again.set()
        self._again.wait(0.3)
        return self.begun


def test_rows_are_kept_for_as_long_as_the_panel_says() -> None:
    numbers = iter(range(10))
    long, short = (panel(lambda limit: [{"number": next(numbers)}], seconds) for seconds in (3600, 0))
    assert [rows_of(long), rows_of(long)] == [[{"number": 0}], [{"number": 0}]]
    assert [rows_of(short), rows_of(short)] == [[{"number": 1}], [{"number": 2}]]
    assert rows_of(long) == [{"number": 0}]


def test_those_who_ask_for_a_panel_at_once_share_one_answer() -> None:
    count = Computation()
    shared = panel(lambda limit: [{"number": count()}])
    assert asked_by_many(lambda: rows_of(shared)) == [[{"number": 1}]] * 5


def test_who_asks_for_another_panel_does_not_wait() -> None:
    asked, answered = Event(), Event()

    def slow(limit: int) -> list[Row]:
        asked.set()
        assert answered.wait(30)
        return []

    thread = Thread(target=rows_of, args=[panel(slow)])
    thread.start()
    assert asked.wait(30)
    assert rows_of(panel(lambda limit: [{"is": "there"}])) == [{"is": "there"}]
    answered.set()
    thread.join()


@pytest.mark.parametrize("ask", [live.health, live.readiness])
def test_those_who_ask_for_health_at_once_share_one_round_of_checks(
    ask: Callable[[], list[Part]], monkeypatch: pytest.MonkeyPatch
) -> None:
    count = Computation()
    monkeypatch.setattr(checks, "ask_all", lambda *_: [Part(f"round {count()}", True, 1.0)])
    assert asked_by_many(ask) == [[Part("round 1", True, 1.0)]] * 5


def test_an_error_is_not_kept() -> None:
    answers = iter([0, 5])
    failing = panel(lambda limit: [{"number": 10 // next(answers)}])
    with pytest.raises(ZeroDivisionError):
        rows_of(failing)
    assert rows_of(failing) == [{"number": 2}]


def test_what_is_forgotten_is_asked_anew() -> None:
    numbers = iter(range(10))
    kept = panel(lambda limit: [{"number": next(numbers)}])
    rows_of(kept)
    live.forget()
    assert rows_of(kept) == [{"number": 1}]
