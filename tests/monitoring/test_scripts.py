"""The pure modules of the page's scripts, run where they will run: in a browser."""

from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from selenium.webdriver import Chrome

SCRIPTS = Path(__file__).resolve().parent.parent.parent / "monitoring" / "static" / "monitoring"

RunJs = Callable[[str, str], Any]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """A test's output is about what failed."""


@pytest.fixture(scope="module")
def run_js(chromium: Chrome) -> Iterator[RunJs]:
    """Evaluates an expression about a module of the page's scripts, called `m`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=SCRIPTS))
    Thread(target=server.serve_forever, daemon=True).start()
    chromium.get(f"http://127.0.0.1:{server.server_port}/icon.svg")
    yield lambda module, expression: chromium.execute_async_script(
        f"const done = arguments[0]; import('/{module}.js').then((m) => done({expression}))"
    )
    server.shutdown()


def test_points_are_kept_once_in_order_for_five_minutes(run_js: RunJs) -> None:
    merged = run_js("series", "m.merge([{at: 1}, {at: 400000}], [{at: 350000}, {at: 400000}], 400001).map((p) => p.at)")
    assert merged == [350000, 400000]


def test_a_line_breaks_where_nobody_watched(run_js: RunJs) -> None:
    points = "[{at: 1000, topics: {a: 1}}, {at: 2000, topics: {a: 2}}, {at: 60000, topics: {a: 3}}]"
    assert run_js("series", f"m.columns({points}, 'topics', ['a'])") == [[1, 2, 59.999, 60], [1, 2, None, 3]]


def test_the_scale_rises_at_once_and_sinks_late(run_js: RunJs) -> None:
    tops = run_js("series", "[m.calmTop(80, undefined), m.calmTop(120, 100), m.calmTop(70, 150), m.calmTop(20, 150)]")
    assert tops == [100, 150, 150, 20]


def test_averages_of_half_a_minute(run_js: RunJs) -> None:
    points = "[{at: 0, g: {a: 1}}, {at: 29999, g: {a: 3}}, {at: 30000, g: {a: 10}}]"
    assert run_js("series", f"m.halfMinutes({points}, 'g', ['a'])") == [
        {"start": 30000, "values": [10]},
        {"start": 0, "values": [2]},
    ]


@pytest.mark.parametrize(
    ("amount", "words"),
    [("19.9", "19.90"), ("-5.00", "-5.00"), ("999999999.99", "999,999,999.99"), ("999999999999.99", "1,000.00 bn")],
)
def test_amounts_are_exact_until_they_need_too_much_room(run_js: RunJs, amount: str, words: str) -> None:
    assert run_js("format", f"m.amount('{amount}')") == words


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "0/s"), (3.14, "+3.1/s"), (-250, "\u2212250/s"), (1234, "+1,234/s"), (-45678, "\u221245.7k/s")],
)
def test_growth_bears_its_sign(run_js: RunJs, number: float, words: str) -> None:
    assert run_js("format", f"m.growth({number})") == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.04, "0.0 s"), (9.94, "9.9 s"), (119, "119 s"), (3600, "60 min"), (86400, "24 h"), (864000, "10 days")],
)
def test_durations_are_told_in_fitting_units(run_js: RunJs, seconds: float, words: str) -> None:
    assert run_js("format", f"m.duration({seconds})") == words


WELL = "{health: {parts: [{name: 'database', status: 'up', needed: true}]}, kafka: {groups: [], dead_letters: {}}}"


def of_whole(change: str) -> str:
    return f"m.overall(((s) => {{ {change}; return s }})({WELL}))"


def test_all_is_well_only_where_nothing_else_is_to_say(run_js: RunJs) -> None:
    assert run_js("sentences", of_whole("")) == {"level": "ok", "text": "All is well", "brief": "All is well"}


@pytest.mark.parametrize(
    ("change", "level", "text"),
    [
        ("s.health.parts.push({name: 'kafka', status: 'unknown', needed: false})", "warn", "Unknown: kafka"),
        ("s.health.parts.push({name: 'mail', status: 'down', needed: false})", "warn", "Down: mail"),
        ("s.health.parts[0].status = 'down'", "err", "Down: database"),
        ("s.health.parts[0].status = 'unknown'", "err", "Unknown: database"),
        (
            "s.health.parts.push({name: 'reconciliation', status: 'down', needed: false})",
            "warn",
            "Stages contradict each other",
        ),
        ("s.kafka = {why: 'Nobody looks.'}", "warn", "Unknown: kafka"),
        ("s.kafka.groups.push({name: 'fraud', verdict: 'ERR', reason: 'STALLED'})", "err", "Not reading: fraud"),
        ("s.kafka.groups.push({name: 'fraud', verdict: 'UNKNOWN', reason: 'UNKNOWN'})", "warn", "Unknown: fraud"),
        (
            "s.kafka.groups.push({name: 'fraud', verdict: 'WARN', reason: 'OPEN_TRANSACTION'})",
            "warn",
            "Behind an open transaction: fraud",
        ),
        ("s.kafka.groups.push({name: 'fraud', verdict: 'WARN', reason: 'FALLING_BEHIND'})", "warn", "Too slow: fraud"),
        ("s.kafka.offline = 2", "err", "2 partitions offline"),
        ("s.kafka.dead_letters = {'t.dead-letters': {waiting: 32, messages: 8}}", "warn", "8 dead letters"),
        (
            "s.kafka.dead_letters = {'t.dead-letters': {waiting: 32, messages: null}}",
            "warn",
            "Dead letters: being counted",
        ),
    ],
)
def test_the_badge_tells_whatever_is_not_well(run_js: RunJs, change: str, level: str, text: str) -> None:
    told = run_js("sentences", of_whole(change))
    assert (told["level"], told["text"]) == (level, text)


def test_what_is_pending_is_neither_well_nor_wrong(run_js: RunJs) -> None:
    pending = "s.health.parts.push({name: 'reconciliation', status: 'pending', needed: false})"
    assert run_js("sentences", of_whole(pending))["text"] == "All is well"


def test_a_badge_has_room_for_two_troubles(run_js: RunJs) -> None:
    many = "; ".join(f"s.health.parts.push({{name: 'p{n}', status: 'down', needed: {n} < 1}})" for n in range(2))
    told = run_js("sentences", of_whole(f"{many}; s.kafka.offline = 1; s.kafka.under_replicated = 1"))
    assert told["brief"] == "Down: p0 · 1 partition offline · 2 more"
    assert told["text"].count(" · ") == 3


@pytest.mark.parametrize(
    ("topics", "value", "level"),
    [
        ("{}", "–", "none"),
        ("{'t.dead-letters': {waiting: 0, messages: 0}}", "0", "ok"),
        ("{'t.dead-letters': {waiting: 32, messages: 8}}", "8", "warn"),
        ("{'t.dead-letters': {waiting: 32, messages: null}}", "\u2264\u200932", "warn"),
        ("{'t.dead-letters': {waiting: 32}}", "\u2264\u200932", "warn"),
    ],
)
def test_dead_letters_are_counted_as_messages(run_js: RunJs, topics: str, value: str, level: str) -> None:
    told = run_js("sentences", f"m.buried({topics})")
    assert (told["value"], told["level"]) == (value, level)


@pytest.mark.parametrize(
    ("groups", "value", "note", "level"),
    [
        ("[]", "–", "nobody reads yet", "none"),
        ("[{name: 'a', verdict: 'OK', lag: 0}]", "0", "all workers are up to date", "ok"),
        ("[{name: 'a', verdict: 'UNKNOWN', lag: 0}]", "–", "unknown: see the workers below", "warn"),
        ("[{name: 'a', verdict: 'OK', lag: 0}, {name: 'b', verdict: 'UNKNOWN', lag: 0}]", "0", "unknown of b", "warn"),
        ("[{name: 'a', verdict: 'OK', lag: 3, lag_seconds: null}]", "3", "nobody knows since when", "ok"),
        ("[{name: 'a', verdict: 'ERR', lag: 3, lag_seconds: 9}]", "3", "oldest for 9", "err"),
    ],
)
def test_lag_that_nobody_knows_is_not_none(run_js: RunJs, groups: str, value: str, note: str, level: str) -> None:
    told = run_js("sentences", f"m.lagOf({groups}, String, String)")
    assert told == {"value": value, "note": note, "level": level}


def test_what_stands_in_backticks_is_code(run_js: RunJs) -> None:
    told = run_js("sentences", "m.spans('Start `manage.py run_monitor`.')")
    assert told == [
        {"text": "Start ", "isCode": False},
        {"text": "manage.py run_monitor", "isCode": True},
        {"text": ".", "isCode": False},
    ]


@pytest.mark.parametrize(
    ("values", "spread"),
    [("[1, 2, 3]", False), ("[1000, 1, 1, 2]", True), ("[0, 0, 5]", False), ("[-90000, 1, 2]", True), ("[]", False)],
)
def test_a_bar_a_thousand_times_the_others_makes_the_scale_logarithmic(
    run_js: RunJs, values: str, spread: bool
) -> None:
    assert run_js("series", f"m.isSpread({values})") == spread


def test_a_logarithmic_scale_is_marked_at_powers_of_ten_on_both_sides_of_zero(run_js: RunJs) -> None:
    assert run_js("series", "m.linearUpTo([40, 50000])") == 1
    assert run_js("series", "m.powers(-200, 60000, 1, 9)") == [-100, -10, 0, 10, 100, 1000, 10000]
    assert run_js("series", "m.powers(0, 60000, 1, 2)") == [0, 100, 10000]


def test_the_days_of_a_chart_bear_their_year(run_js: RunJs) -> None:
    same = run_js("format", "m.days('1998-06-30T01:00:00Z', '1998-06-30T05:00:00Z')")
    assert same == "30 Jun 1998"
    assert "1998" in run_js("format", "m.days('1998-05-30T01:00:00Z', '1998-06-30T05:00:00Z')")
