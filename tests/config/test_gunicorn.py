"""The API behind several processes of gunicorn."""

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psutil

from native.driving.embedded import ROOT, platform_environment, wait_until
from native.driving.scraping import Scrape, scrape
from tests.served import Server, gunicorn

REQUESTS = "django_http_responses_total_by_status_view_method_total"


@contextmanager
def two_processes(tmp_path: Path, folder: Path, **told: str) -> Iterator[Server]:
    environment = os.environ | platform_environment(tmp_path / "none.sqlite3", "127.0.0.1:1")
    environment |= {"PROMETHEUS_MULTIPROC_DIR": str(folder)} | told
    with gunicorn(environment, tmp_path / "gunicorn.log", "-w2") as server:
        yield server


def ask(port: int, times: int) -> None:
    for _ in range(times):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=10).close()


def asked(told: Scrape) -> float:
    return told.value(REQUESTS, view="health-live")


def test_any_process_answers_for_all_and_a_dead_one_takes_no_count_along(tmp_path: Path) -> None:
    folder = tmp_path / "figures"
    folder.mkdir()
    left_by_an_earlier_run = folder / "counter_1.db"
    left_by_an_earlier_run.touch()
    with two_processes(tmp_path, folder) as server:
        port = server.port
        assert not left_by_an_earlier_run.exists()
        ask(port, 40)
        assert {asked(scrape(port)) for _ in range(10)} == {40}
        killed = server.process.children()
        for worker in killed:
            worker.send_signal(signal.SIGKILL)
        psutil.wait_procs(killed, timeout=10)
        wait_until(lambda: asked(scrape(port)) >= 40, "new processes answer")
        ask(port, 5)
        assert asked(scrape(port)) == 45


def order(port: int) -> int:
    """The status of the answer to an order by nobody."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}/transactions", method="POST", data=b"{}")
    try:
        return int(urllib.request.urlopen(request, timeout=30).status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def test_all_processes_count_requests_together_and_those_that_come_after_them_too(tmp_path: Path) -> None:
    with (
        two_processes(tmp_path, tmp_path, RATE_WRITES_PER_ADDRESS="30/day") as server,
        ThreadPoolExecutor(8) as callers,
    ):
        port = server.port
        assert list(callers.map(order, [port] * 20)) == [401] * 20
        killed = server.process.children()
        for worker in killed:
            worker.send_signal(signal.SIGKILL)
        psutil.wait_procs(killed, timeout=10)
        wait_until(lambda: scrape(port).text, "new processes answer")
        answers = sorted(callers.map(order, [port] * 20))
        assert answers == [401] * 10 + [429] * 10


def test_garbage_is_not_looked_for_in_what_a_process_has_loaded(tmp_path: Path) -> None:
    environment = os.environ | platform_environment(tmp_path / "none.sqlite3", "127.0.0.1:1")
    environment |= {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "PYTHONPATH": "platform"}
    script = (
        "import gc; from config import gunicorn, wsgi; gunicorn.post_worker_init(None); "
        "print(gc.get_freeze_count() > 50_000, len(gc.get_objects()) < 5_000, gc.get_threshold()[0])"
    )
    told = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, text=True, capture_output=True, check=True
    )
    assert told.stdout.split() == ["True", "True", "10000"]
