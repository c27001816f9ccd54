"""What the report tells of measurements."""

from typing import Any

from bench.workers import outcome
from bench.workers.measured import Turn
from report import performance


def took(name: str, ms: float, error: str = "") -> dict[str, Any]:
    return {"name": name, "limit_ms": 150, "ms": ms, "error": error}


def test_a_database_is_told_by_what_is_late_and_what_grows() -> None:
    found = performance.growth({
        "500": [took("even", 10), took("growing", 20), took("late", 160), took("failing", 3)],
        "50": [took("even", 10), took("growing", 19), took("late", 150), took("failing", 3)],
        "5000": [took("even", 11), took("growing", 60), took("late", 170), took("failing", 3, "gone"), took("new", 1)],
    })  # fmt: skip
    assert [(each["rows"], each["asked"], each["late"]) for each in found["sizes"]] == [
        (50, 4, 0), (500, 4, 1), (5000, 5, 2),
    ]  # fmt: skip
    assert found["sizes"][0]["median_ms"] == 14.5
    named = {each["name"]: each for each in found["named"]}
    assert named.keys() == {"growing", "late", "failing"}
    assert named["growing"]["grown"] == 3
    assert named["late"]["times"] == [
        {"ms": 150, "late": False}, {"ms": 160, "late": True}, {"ms": 170, "late": True},
    ]  # fmt: skip
    assert named["failing"]["times"][-1] == {"ms": None, "late": True}


def test_a_question_that_only_large_tables_were_asked_has_no_time_before() -> None:
    found = performance.growth({"5": [took("old", 1)], "50": [took("old", 1), took("new", 500)]})
    assert [each["times"] for each in found["named"]] == [[None, {"ms": 500, "late": True}]]


def test_of_each_engine_is_told_what_it_is_of_its_best_peer_and_whether_that_was_wanted() -> None:
    turns = [Turn("hot", "streams-rocks", 9, 50), Turn("hot", "aggregator-sqlite", 9, 200, cpu_us=3)]
    [task] = performance.workers(outcome.figures(turns))
    assert task["title"] == "hourly totals, 10,000 users"
    [peer, ours] = task["engines"]
    assert (peer["title"], peer["per_second"], peer["times"], peer["missed"]) == (
        "Kafka Streams, RocksDB", 50, None, False,
    )  # fmt: skip
    assert (ours["times"], ours["wanted"], ours["missed"]) == (4, "5 ×", True)
    assert (ours["cpu_us"], ours["memory_mb"]) == (3, None)


def test_of_each_engine_is_told_how_soon_99_of_100_orders_are_seen() -> None:
    p99 = {"median": 57.7, "least": 50, "greatest": 60}
    engines = ("fraud-mysql", "streams-memory")
    found = performance.latencies({f"{name} {rate}": {"p99_ms": p99} for name in engines for rate in (1000, 5000)})
    assert found == [
        {"title": "alert in its table: ours, MySQL", "p99_ms": [57.7, 57.7], "wanted_ms": 250},
        {"title": "total in its topic: Kafka Streams, in memory", "p99_ms": [57.7, 57.7], "wanted_ms": None},
    ]  # fmt: skip


def test_a_kind_of_request_that_was_not_measured_is_not_told() -> None:
    medians = {"spring": {"kinds": {"get": 1, "post": 2}}, "ours-mysql": {"kinds": {"get": 3}}}
    assert performance.kinds({"medians": medians}) == [{"name": "get", "title": "GET by id, requests", "goal": 0.5}]


def test_what_was_not_measured_is_none() -> None:
    assert performance.measured("nothing") is None
