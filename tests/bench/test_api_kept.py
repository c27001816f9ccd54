"""A run that was ended goes on where it was."""

from pathlib import Path

from bench.api.kept import KeptTurns
from bench.api.measured import Turn

RUN = {"commit": "abc", "rounds": 2}


def turn(server: str, memory: float) -> Turn:
    return Turn(server, memory, 1, {})


def never() -> Turn:
    raise AssertionError("it is known")


def test_turns_that_were_taken_are_not_taken_again(tmp_path: Path) -> None:
    file = tmp_path / "turns.json"
    first = KeptTurns(file, RUN)
    taken = [first.next("spring", lambda: turn("spring", 1)), first.next("ours", lambda: turn("ours", 2))]
    again = KeptTurns(file, RUN)
    assert [again.next("spring", never), again.next("ours", never)] == taken
    assert again.next("ours", lambda: turn("ours", 3)) == turn("ours", 3)
    assert KeptTurns(file, RUN).next("spring", never) == taken[0]


def test_turns_of_another_run_are_forgotten(tmp_path: Path) -> None:
    file = tmp_path / "turns.json"
    KeptTurns(file, RUN).next("spring", lambda: turn("spring", 1))
    assert KeptTurns(file, {**RUN, "rounds": 3}).next("spring", lambda: turn("spring", 2)) == turn("spring", 2)


def test_a_run_that_is_over_leaves_nothing(tmp_path: Path) -> None:
    file = tmp_path / "turns.json"
    kept = KeptTurns(file, RUN)
    kept.next("spring", lambda: turn("spring", 1))
    kept.forget()
    kept.forget()
    assert KeptTurns(file, RUN).next("spring", lambda: turn("spring", 2)) == turn("spring", 2)
