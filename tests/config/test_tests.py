"""What is said of all tests."""

import re
from pathlib import Path

import hypothesis

from native.driving.embedded import ROOT

CLOCK = re.compile(r"\b(perf_counter|monotonic|process_time|timeit)\b")
MAY_LOOK_AT_A_CLOCK = {
    "native/driving/embedded.py": "ends waiting for what never comes",
    "tests/survival/refunding.py": "ends waiting for what never comes",
    "tests/cluster": "notes how long things took, for the report",
    "tests/config/test_tests.py": "names them",
    "tests/streaming/consuming/test_worker.py": "puts one that stands still in the place of the worker's",
}


def test_no_test_measures_time() -> None:
    files = {str(file.relative_to(ROOT)): file.read_text() for file in (ROOT / "tests").rglob("*.py")}
    measuring = {file for file, text in files.items() if CLOCK.search(text)}
    assert {file for file in measuring if not file.startswith(tuple(MAY_LOOK_AT_A_CLOCK))} == set()


def test_hypothesis_sets_no_deadline() -> None:
    assert hypothesis.settings().deadline is None
    texts = {file: file.read_text() for file in (ROOT / "tests").rglob("*.py") if file != Path(__file__)}
    assert [file for file, text in texts.items() if re.search(r"deadline=\d", text)] == []
