"""Counts that threads and processes of one server share."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

from api.shared_counts import LOOKED_AT, SharedCounts

A_DAY = 86_400


def child(counts: SharedCounts, key: str, times: int) -> int:
    """Another process that counts; gives its pid."""
    pid = os.fork()
    if pid:
        return pid
    for _ in range(times):
        counts.incr(key, A_DAY)
    os._exit(0)


def test_each_key_has_a_count_of_its_own() -> None:
    counts = SharedCounts(places=64)
    assert [counts.incr("a", A_DAY), counts.incr("b", A_DAY), counts.incr("a", A_DAY)] == [1, 1, 2]
    assert (counts.get("a"), counts.get("b"), counts.get("c")) == (2, 1, 0)


def test_processes_and_threads_lose_no_count() -> None:
    counts = SharedCounts(places=64)
    pids = [child(counts, "a", 2_000) for _ in range(3)]
    with ThreadPoolExecutor(4) as threads:
        seen = list(threads.map(lambda _: counts.incr("a", A_DAY), range(2_000)))
    assert [os.waitpid(pid, 0)[1] for pid in pids] == [0, 0, 0]
    assert counts.get("a") == 8_000
    assert len(set(seen)) == 2_000  # nobody was told the same number


def test_a_process_that_is_killed_while_it_counts_keeps_nobody_waiting() -> None:
    counts = SharedCounts(places=64)
    began, begin = os.pipe()
    pid = os.fork()
    if not pid:
        with counts._alone():
            os.write(begin, b"!")
            signal.pause()
    os.read(began, 1)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    assert counts.incr("a", A_DAY) == 1


def test_a_count_that_is_over_begins_anew() -> None:
    counts = SharedCounts(places=64)
    assert [counts.incr("a", 0), counts.incr("a", 0), counts.incr("a", A_DAY), counts.incr("a", A_DAY)] == [1, 1, 1, 2]
    assert counts.get_expiry("a") > time.time() + A_DAY - 60


def test_where_there_is_no_place_who_asked_least_is_forgotten() -> None:
    counts = SharedCounts(places=LOOKED_AT)
    for _ in range(50):
        counts.incr("asks most", A_DAY)
    for number in range(10_000):
        counts.incr(f"asks once {number}", A_DAY)
    assert counts.get("asks most") == 50


def test_a_count_does_not_run_over_into_its_end() -> None:
    counts = SharedCounts(places=64)
    counts.incr("a", A_DAY, amount=2**32 - 1)
    ends = counts.get_expiry("a")
    counts.incr("a", A_DAY)
    assert (counts.get("a"), counts.get_expiry("a")) == (2**32 - 1, ends)


def test_what_is_cleared_is_not_counted() -> None:
    counts = SharedCounts(places=64)
    for key in ("a", "b", "b"):
        counts.incr(key, A_DAY)
    counts.clear("a")
    assert (counts.get("a"), counts.get("b")) == (0, 2)
    counts.reset()
    assert counts.get("b") == 0
