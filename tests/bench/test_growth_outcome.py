"""What the measurement of growth says of its times."""

import json
from dataclasses import asdict
from pathlib import Path

from bench.growth import outcome, plot
from bench.growth.__main__ import kept
from bench.growth.outcome import Took
from bench.growth.sizes import SIZES, minutes, volumes


def took(name: str, ms: float, limit: float = 150, error: str = "") -> Took:
    return Took(name, limit, ms, error=error)


STEADY = {10: took("a", 20), 100: took("a", 20), 1000: took("a", 26)}
TIMES = {
    "SQLite": {
        10: [took("steady", 20), took("slow", 20), took("gone", 1)],
        100: [took("steady", 20), took("slow", 60)],
        1000: [took("steady", 26), took("slow", 600), took("broken", 1, error="Answered: 500")],
    }
}


def test_what_takes_up_to_a_third_more_has_not_grown() -> None:
    assert outcome.grown(STEADY) is None
    assert outcome.grown({**STEADY, 1000: took("a", 27)}) == 27 / 20


def test_what_grows_within_milliseconds_is_not_told_from_chance() -> None:
    assert outcome.grown({10: took("a", 1), 100: took("a", 5)}) is None


def test_growth_is_told_of_the_last_two_sizes() -> None:
    assert outcome.grown({10: took("a", 1), 100: took("a", 100), 1000: took("a", 100)}) is None
    assert outcome.grown({10: took("a", 100)}) is None


def test_what_is_late_or_grows_is_named_and_what_fails_is_late() -> None:
    told = outcome.rendered(TIMES)
    assert "| ms, median | 10 | 100 | 1,000 | limit |" in told
    assert "| slow | 20 | 60 | **600** | 150 |" in told
    assert "| broken | – | – | **error** | 150 |" in told
    assert "Grew by more than a third: slow (10.0 ×)." in told
    assert "Late: slow (600 ms), broken (Answered: 500)." in told


def test_nothing_is_said_to_be_nothing() -> None:
    told = outcome.rendered({"MySQL": {10: [took("a", 1)]}})
    assert "Grew by more than a third: nothing." in told
    assert "Late: nothing." in told


def test_the_picture_names_what_grew(tmp_path: Path) -> None:
    told = {"machine": {"cores": 2, "processor": "a processor"}, "date": "2026-11-27", "commit": "abc"}
    plot.draw(TIMES, told, tmp_path / "growth.svg")
    drawn = (tmp_path / "growth.svg").read_text()
    for text in ("slow", "limit of pages, 150 ms", "SQLite", "1,000"):
        assert text in drawn


def test_no_table_gets_more_rows_than_it_can_have() -> None:
    largest = volumes(SIZES[-1])
    assert (largest["alerts"], largest["notifications"], largest["outbox"]) == (100_000, 2_000_000, 1_000_000)
    assert volumes(100)["users"] == 4


def test_a_whole_run_is_said_to_take_less_than_25_minutes() -> None:
    assert minutes(["SQLite"], [10_000]) < minutes(["SQLite", "MySQL"], SIZES) < 25


def test_a_size_is_measured_once_at_a_commit(tmp_path: Path) -> None:
    file = tmp_path / "SQLite-10.json"
    assert kept(file, "abc") == []
    file.write_text(json.dumps({"commit": "abc", "took": [asdict(took("a", 1))]}))
    assert kept(file, "abc") == [took("a", 1)]
    assert kept(file, "def") == []


def test_what_no_commit_names_is_measured_again(tmp_path: Path) -> None:
    file = tmp_path / "SQLite-10.json"
    file.write_text(json.dumps({"commit": "abc-dirty", "took": [asdict(took("a", 1))]}))
    assert kept(file, "abc-dirty") == []
