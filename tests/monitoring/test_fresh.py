from threading import Barrier, Thread

import pytest

from monitoring.fresh import Fresh


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_value_is_kept_until_it_is_old() -> None:
    clock, made = Clock(), iter(range(10))
    fresh = Fresh(lambda: next(made), seconds=2, clock=clock)
    assert fresh.get() == 0
    clock.now = 1.9
    assert fresh.get() == 0
    clock.now = 2.0
    assert fresh.get() == 1


def test_those_who_ask_at_once_share_one_making() -> None:
    made = iter(range(10))
    fresh = Fresh(lambda: next(made), seconds=60)
    together = Barrier(5)
    got: list[int] = []

    def ask() -> None:
        together.wait()
        got.append(fresh.get())

    threads = [Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [0] * 5


def test_an_error_is_not_kept() -> None:
    answers = iter([0, 5])
    fresh = Fresh(lambda: 10 // next(answers), seconds=60)
    with pytest.raises(ZeroDivisionError):
        fresh.get()
    assert fresh.get() == 2


def test_what_is_forgotten_is_made_anew() -> None:
    made = iter(range(10))
    fresh = Fresh(lambda: next(made), seconds=60)
    fresh.get()
    fresh.forget()
    assert fresh.get() == 1
