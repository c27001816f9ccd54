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
