"""A process that is followed: it may end by itself, be told to end, or end too early."""

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from bench.workers.following import Ended, follow, running

WAITING = [sys.executable, "-c", "import time; time.sleep(600)"]
AT_ONCE = [sys.executable, "-c", "print('so much for that')"]


def ended(command: Sequence[str], log: Path) -> int:
    """How it ended after it was followed until all was done."""
    with running(command, {}, log) as started:
        if command is AT_ONCE:
            started.process.wait(60)
        seen = follow([started], lambda: 7, 7, 600)
    assert seen.samples[-1].done == 7
    return int(started.process.wait())


def test_who_has_ended_by_himself_is_not_told_to(tmp_path: Path) -> None:
    assert ended(AT_ONCE, tmp_path / "log") == 0
    assert (tmp_path / "log").read_text() == "so much for that\n"


def test_who_would_go_on_is_told_to_end(tmp_path: Path) -> None:
    assert ended(WAITING, tmp_path / "log") != 0


def test_it_is_followed_for_so_long_from_the_first_orders_that_are_done(tmp_path: Path) -> None:
    counts = iter([0, 0, 3, 4])
    with running(WAITING, {}, tmp_path / "log") as started:
        seen = follow([started], lambda: next(counts), 1000, seconds=0)
    assert [sample.done for sample in seen.samples] == [0, 0, 3]
    assert seen.peak_bytes > 0


def test_who_ends_before_the_work_is_done_fails_the_run(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with (
        pytest.raises(Ended, match=f"ended with 0 before its work was done: read {log}"),
        running(AT_ONCE, {}, log) as started,
    ):
        follow([started], lambda: 3, 7, 600)
