"""What the measurement of latency, cost, start and scaling says of its turns."""

from dataclasses import replace
from pathlib import Path

import pytest

from bench.scaling import outcome, plot
from bench.scaling.measured import Cost, Scaled, Start, Stretch, cost, marks, scaled
from bench.scaling.outcome import Found
from bench.scaling.pace import Latency
from bench.scaling.plan import BY_NAME, MILLION, RATES, Plan, Section
from bench.workers.measured import NothingDone, Sample, Seen

MEGABYTE = 2**20
ALERT = Latency("fraud-sqlite", 1000, orders=2000, p50_ms=30, p99_ms=90, max_ms=200, late_ms=1)
ONE = Scaled("fraud-sqlite", 1, 2, per_second=100_000, cpu_us=9, cores=(0.9, 0.2, 0))
TWO = Scaled("fraud-sqlite", 2, 4, per_second=180_000, cpu_us=9.5, cores=(1.6, 0.4, 0))
COST = Cost("aggregator-sqlite", 10_000, 2000, 310, (Stretch(1000, 14, 60_000, 250), Stretch(2000, 15, 60_000, 260)))
START = Start("aggregator-mysql", 2, 2_000_000, (2.5, 2.1, 2.2), 480)
FOUND = Found(
    [ALERT, replace(ALERT, p99_ms=110), replace(ALERT, p99_ms=70), replace(ALERT, rate=5000, p99_ms=251)],
    [COST, replace(COST, users=MILLION, peak_mb=501)],
    [ONE, TWO],
    [START],
)


def seen(*samples: Sample) -> Seen:
    return Seen([Sample(0.5, 0, 1), *samples])


def test_marks_are_those_of_a_ruler_and_end_with_all_orders() -> None:
    assert marks(50 * MILLION) == [MILLION, 2 * MILLION, 5 * MILLION, 10 * MILLION, 20 * MILLION, 50 * MILLION]
    assert marks(2 * MILLION) == [100_000, 200_000, 500_000, MILLION, 2 * MILLION]
    assert marks(40_000) == [40_000]


def test_a_stretch_costs_what_was_used_since_the_one_before() -> None:
    samples = [
        Sample(1, 50_000, 1.0, 90 * MEGABYTE),
        Sample(2, 150_000, 2.0, 100 * MEGABYTE),
        Sample(3, 200_000, 3.5, 300 * MEGABYTE),
        Sample(5, 400_000, 5.5, 200 * MEGABYTE),
    ]
    found = cost("aggregator-sqlite", 10_000, 400_000, seen(*samples))
    assert found.stretches == (
        Stretch(100_000, 10, 100_000, 100),
        Stretch(200_000, 30, 50_000, 300),
        Stretch(400_000, 10, 100_000, 200),
    )
    assert (found.orders, found.peak_mb) == (400_000, 300)


def test_a_mark_that_was_not_reached_in_time_is_left_out() -> None:
    found = cost("aggregator-mysql", 10_000, 400_000, seen(Sample(1, 50_000, 1), Sample(2, 150_000, 2)))
    assert [each.mark for each in found.stretches] == [100_000]


def test_what_the_cores_did_is_told_of_each_part() -> None:
    first = Sample(1, 1000, 1, others=(10, 20))
    last = Sample(3, 21_000, 2.5, others=(10.5, 20.25))
    found = scaled("fraud-mysql", 2, 4, seen(first, last))
    assert (found.per_second, found.cpu_us, found.cores) == (10_000, 75, (0.75, 0.25, 0.125))
    without_server = scaled("fraud-sqlite", 1, 2, seen(replace(first, others=(10,)), replace(last, others=(10.5,))))
    assert without_server.cores == (0.75, 0.25, 0)


def test_who_does_nothing_more_has_no_speed() -> None:
    with pytest.raises(NothingDone, match="fraud-mysql"):
        scaled("fraud-mysql", 2, 4, seen(Sample(1, 1000, 1, others=(1, 1)), Sample(2, 1000, 2, others=(2, 2))))


def test_what_misses_is_named_and_nothing_else() -> None:
    assert outcome.missed(FOUND) == ["fraud-sqlite at 5,000 a second", "memory of aggregator-sqlite, 1,000,000 users"]
    slower = Found(scaled=[ONE, replace(TWO, per_second=169_000)], starts=[replace(START, seconds=(3.5, 3.1, 2))])
    assert outcome.missed(slower) == ["scaling of fraud-sqlite", "start of aggregator-mysql"]


def test_the_cores_allow_what_one_process_and_its_servers_leave_of_them() -> None:
    assert outcome.allowed([ONE]) == pytest.approx(2 / 1.1)
    assert outcome.times([ONE], [TWO]) == 1.8


def test_one_process_alone_is_compared_with_nothing() -> None:
    assert outcome.doubled(Found(scaled=[ONE, ONE])) == {}
    assert outcome.missed(Found(scaled=[ONE])) == []


def test_the_tables_have_medians_spreads_and_what_missed_in_bold() -> None:
    told = outcome.rendered(FOUND)
    first = "30 / 90 (70–110) / 200; 6,000 orders"
    second = "30 / **251** / 200; 2,000 orders"
    assert f"| alert in its table: ours, SQLite | {first} | {second} | p99 250 |" in told
    assert "| hourly totals, 10,000 users: ours, SQLite | 14; 250 MB | 15; 260 MB | 310 | 500 |" in told
    assert "| **501** | 500 |" in told
    speeds = "100,000 | 180,000 | 1.80 × | 1.7 × | 1.82 × | 9 → 9.5 | 0.90 + 0.20 + 0.00 | 1.60 + 0.40 + 0.00"
    assert f"| fraud: ours, SQLite | {speeds} |" in told
    assert "| ours, MySQL | 2.2 (2.1–2.5) | 3 | 2,000,000 in 2 partitions | 480 |" in told


def test_a_section_that_was_not_measured_has_no_table() -> None:
    assert outcome.rendered(Found()) == ""
    assert outcome.rendered(Found(starts=[START])).count("---") == 5


def test_figures_have_every_turn() -> None:
    found = outcome.figures(FOUND)
    assert [len(found[name]) for name in ("latencies", "costs", "scaled", "starts")] == [4, 2, 2, 1]
    assert found["medians"]["latency"]["fraud-sqlite 1000"]["p99_ms"] == {"median": 90, "least": 70, "greatest": 110}
    assert found["medians"]["scaling"] == {"fraud-sqlite": {"times": 1.8, "allowed": 1.818}}


def test_the_picture_shows_every_part(tmp_path: Path) -> None:
    told = {"machine": {"cores": 2, "processor": "a processor"}, "date": "2026-11-27", "commit": "abc"}
    plot.draw(FOUND, told, tmp_path / "scaling.svg")
    drawn = (tmp_path / "scaling.svg").read_text()
    for text in ("alert in its table: ours, SQLite, 5000/s", "30 / 251", "1,000,000 users", "1.80 ×", "a processor"):
        assert text.replace("5000", "5,000") in drawn


def test_the_usual_plan_takes_a_few_minutes_and_a_round_more_takes_longer() -> None:
    assert Plan().minutes < 12.5
    assert Plan(rounds=2).minutes > Plan().minutes + 4
    assert Plan(events=50 * MILLION).minutes > 60
    assert sum(Plan(sections=[each]).minutes for each in Section) > Plan().minutes


def test_only_topics_that_are_needed_are_filled() -> None:
    assert Plan(sections=[Section.LATENCY]).loads == []
    assert Plan(sections=[Section.COST]).loads == [Plan().events] * 2
    assert Plan(sections=[Section.SCALING]).loads == [Plan().events] * 2
    assert Plan(sections=[Section.START]).loads == []
    assert Plan(partitions=6).events_to_remember == 3_450_000


def test_every_rate_has_its_seconds() -> None:
    plan = Plan(seconds=4)
    assert [phase.rate for phase in plan.pace.phases if phase.seconds] == list(RATES)
    assert (plan.pace.rates == RATES[1]).sum() == 4 * RATES[1]


def test_every_engine_is_known_by_its_name() -> None:
    assert all(name == engine.name for name, engine in BY_NAME.items())
