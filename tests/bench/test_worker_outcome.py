"""What the measurement of the workers says of its turns."""

from pathlib import Path

import pytest

from bench.workers import measured, outcome, plot
from bench.workers.measured import NothingDone, Sample, Seen, Turn
from bench.workers.tasks import BY_NAME, TASKS, Goal, chosen


def turn(task: str, engine: str, speed: float) -> Turn:
    return Turn(task, engine, 1000, speed, first_seconds=2.5, cpu_us=4, memory_mb=200)


TURNS = [
    *(turn("hot", "streams-memory", speed) for speed in (90, 100, 140)),
    turn("hot", "streams-rocks", 60),
    turn("hot", "aggregator-sqlite", 450),
    turn("hot", "aggregator-mysql", 260),
    Turn("records", "load-data", 1000, 90_000),
    turn("records", "recorder-mysql", 80_000),
    turn("notifications", "notifier-sqlite", 51_000),
]


def test_ours_is_told_as_a_multiple_of_the_best_peers_median() -> None:
    times = outcome.ratios(outcome.summary(TURNS))
    assert times["hot"] == {"aggregator-sqlite": 4.5, "aggregator-mysql": 2.6}


def test_without_a_peer_there_is_no_multiple() -> None:
    assert outcome.ratios(outcome.summary(TURNS))["notifications"] == {"notifier-sqlite": None}


def test_what_one_database_does_alone_is_no_peer_on_another() -> None:
    turns = [*TURNS, turn("records", "recorder-sqlite", 45_000)]
    assert outcome.ratios(outcome.summary(turns))["records"] == {"recorder-sqlite": None, "recorder-mysql": 0.8889}


def test_what_is_slower_than_was_wanted_is_named() -> None:
    assert outcome.missed(outcome.summary(TURNS)) == ["hot aggregator-sqlite"]


def test_the_table_has_losing_rows_in_bold_beside_the_others() -> None:
    told = outcome.rendered(TURNS)
    assert "| hourly totals, 10,000 users | Kafka Streams, in memory | 100 (90–140) |  |  | 4 | 200 | 2.5 |" in told
    assert "| ours, SQLite | **450 (450–450)** | **4.50 ×** | 5 × | 4 | 200 | 2.5 |" in told
    assert "| ours, MySQL | 260 (260–260) | 2.60 × | 2.5 × | 4 | 200 | 2.5 |" in told
    assert "| LOAD DATA alone, MySQL | 90,000 (90,000–90,000) |  |  | – | – | – |" in told


def test_the_picture_shows_every_task_engine_and_multiple(tmp_path: Path) -> None:
    told = {"machine": {"cores": 2, "processor": "a processor"}, "rounds": 3, "date": "2026-11-27", "commit": "abc"}
    plot.draw(told | outcome.figures(TURNS), tmp_path / "workers.svg")
    drawn = (tmp_path / "workers.svg").read_text()
    for text in ("hourly totals, 10,000 users", "Kafka Streams, RocksDB", "450 = 4.50 ×", "51,000", "a processor"):
        assert text in drawn


@pytest.mark.parametrize(
    ("goal", "per_second", "times", "reached"),
    [
        (Goal(times=5), 1, 5, True),
        (Goal(times=5), 1e9, 4.99, False),
        (Goal(times=5), 1e9, None, False),
        (Goal(times=0.8, per_second=100_000), 100_000, 0.1, True),
        (Goal(times=0.8, per_second=100_000), 7, 0.8, True),
        (Goal(times=0.8, per_second=100_000), 99_999, 0.79, False),
    ],
)
def test_a_goal_is_reached_by_either_way(goal: Goal, per_second: float, times: float | None, reached: bool) -> None:
    assert goal.is_reached(per_second, times) is reached


def test_speed_is_from_the_first_commit_to_the_last() -> None:
    samples = [Sample(2, 0, 1), Sample(3, 1000, 2, 3 * 2**20), Sample(4, 2000, 2.5, 2**20), Sample(5, 5000, 4)]
    found = measured.turn("hot", "an engine", Seen(samples))
    assert (found.per_second, found.orders, found.first_seconds) == (2000, 5000, 3)
    assert (found.cpu_us, found.memory_mb) == (500, 3)


def test_what_was_done_at_one_blow_counts_from_the_start_of_the_process() -> None:
    samples = [Sample(1.5, 0, 1), Sample(2, 1000, 2), Sample(2.1, 3000, 3)]
    found = measured.turn("hot", "an engine", Seen(samples))
    assert (found.per_second, found.cpu_us) == (1429, 1000)


def test_who_has_done_nothing_has_no_speed() -> None:
    with pytest.raises(NothingDone, match="an engine"):
        measured.turn("hot", "an engine", Seen([Sample(1, 0, 1)]))


def test_goals_are_of_engines_that_are_ours_and_there() -> None:
    for task in TASKS:
        assert all(task.by_name[name].is_ours for name in task.goals)


def test_words_choose_tasks_and_engines() -> None:
    assert [engine.name for _, engine in chosen(["cold"])] == [engine.name for engine in BY_NAME["cold"].engines]
    assert {task.name for task, _ in chosen(["streams-rocks"])} == {"hot", "cold"}
    assert len(chosen([])) == sum(len(task.engines) for task in TASKS)
    assert chosen(["nothing of this name"]) == []
