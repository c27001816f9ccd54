"""What the measurement of the API says of its turns."""

from pathlib import Path

import pytest

from bench.api import outcome, plot
from bench.api.kinds import BY_NAME
from bench.api.measured import Measured, Turn

KINDS = [BY_NAME["get"], BY_NAME["list"]]


def turn(server: str, speed: float, memory: float = 100) -> Turn:
    kinds = {kind.name: Measured(speed * kind.counts, 1, 20, 300, 1000, 0.5, 0.25) for kind in KINDS}
    return Turn(server, memory, 2.5, kinds)


TURNS = [turn("ours-mysql", 40), turn("spring", 100, 400), turn("ours-mysql", 80), turn("ours-mysql", 50)]


def test_each_server_has_the_median_of_its_own_turns() -> None:
    summed = outcome.summary(TURNS, KINDS)
    assert list(summed) == ["spring", "ours-mysql"]
    assert summed["ours-mysql"]["kinds"]["get"]["per_second"] == {"median": 50, "least": 40, "greatest": 80}
    assert summed["spring"]["memory_mb"]["median"] == 400


def test_ratios_are_those_of_ours_to_the_peer() -> None:
    times = outcome.ratios(outcome.summary(TURNS, KINDS), KINDS)
    assert times == {"ours-mysql": {"get": 0.5, "list": 0.5, "memory": 0.25}}


def test_without_the_peer_there_are_figures_and_no_ratios() -> None:
    summed = outcome.summary([turn("ours-sqlite", 7)], KINDS)
    assert outcome.ratios(summed, KINDS) == {}
    assert "×" not in outcome.rendered(summed, KINDS, [])


def test_the_table_says_what_is_lost_as_it_says_what_is_won() -> None:
    told = outcome.rendered(outcome.summary(TURNS, KINDS), KINDS, [turn("ours-mysql", 30)])
    assert "| GET by id, requests | 100 (100–100) | 50 (40–80) = **0.50 ×**, wanted 0.5 × |" in told
    assert "| POST of 1,000 orders, orders | 100,000 (100,000–100,000) | 50,000 (40,000–80,000) = **0.50 ×**" in told
    assert "| memory, MB | 400 | 100 = **0.25 ×**, wanted ≤ 0.6 × |" in told
    assert "| GET by id | 1 / 20 / 300; 0.5 + 0.25 | 1 / 20 / 300; 0.5 + 0.25 |" in told
    assert "| ours, MySQL, wanted p99 ≤ 100 ms |" in told
    assert "| GET by id | 30; 1 / **20** / 300 |" in told


def test_a_turn_survives_being_written_down() -> None:
    assert Turn.from_json(TURNS[0].as_json()) == TURNS[0]


def test_the_picture_shows_every_kind_server_and_ratio(tmp_path: Path) -> None:
    machine = {"cores": 2, "processor": "a processor"}
    told = {"machine": machine, "rounds": 3, "date": "2026-11-27T05:00:00+00:00", "commit": "abc"}
    plot.draw(told | {"medians": outcome.summary(TURNS, KINDS)}, KINDS, tmp_path / "api.svg")
    drawn = (tmp_path / "api.svg").read_text()
    for text in ("GET by id, requests", "Spring Boot, MySQL", "50 = 0.50 ×", "50,000 = 0.50 ×", "a processor"):
        assert text in drawn


@pytest.mark.parametrize("kind", BY_NAME.values(), ids=str)
def test_every_kind_has_its_script_and_addresses(kind: object) -> None:
    from bench.api.kinds import Kind
    from bench.api.wrk import SCRIPTS

    assert isinstance(kind, Kind)
    script = (SCRIPTS / kind.script).read_text()
    assert ("PATHS" in script) == bool(kind.paths)
