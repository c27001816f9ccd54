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

from native.driving.embedded import ROOT, free_ports, platform_environment, wait_until
from native.driving.scraping import Scrape, scrape

REQUESTS = "django_http_responses_total_by_status_view_method_total"
CONFIG = "platform/config/gunicorn.py"


@contextmanager
def gunicorn(tmp_path: Path, port: int, workers: int, folder: str, **told: str) -> Iterator[psutil.Process]:
    environment = os.environ | platform_environment(tmp_path / "none.sqlite3", "127.0.0.1:1")
    environment |= {"PROMETHEUS_MULTIPROC_DIR": folder} | told
    command = [sys.executable, "-m", "gunicorn", "-c", CONFIG, "--bind", f"127.0.0.1:{port}", "-w", str(workers)]
    with (tmp_path / "gunicorn.log").open("a") as log:
        process = psutil.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        wait_until(lambda: process.poll() is not None or scrape(port).text, "it answers", timeout=120)
        yield process
    finally:
        process.terminate()
        process.wait(20)


def ask(port: int, times: int) -> None:
    for _ in range(times):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=10).close()


def asked(told: Scrape) -> float:
    return told.value(REQUESTS, view="health-live")


def test_any_process_answers_for_all_and_a_dead_one_takes_no_count_along(tmp_path: Path) -> None:
    [port] = free_ports(1)
    folder = tmp_path / "figures"
    folder.mkdir()
    left_by_an_earlier_run = folder / "counter_1.db"
    left_by_an_earlier_run.touch()
    with gunicorn(tmp_path, port, workers=2, folder=str(folder)) as server:
        assert not left_by_an_earlier_run.exists()
        ask(port, 40)
        assert {asked(scrape(port)) for _ in range(10)} == {40}
        killed = server.children()
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
    [port] = free_ports(1)
    with (
        gunicorn(tmp_path, port, workers=2, folder=str(tmp_path), RATE_WRITES_PER_ADDRESS="30/day") as server,
        ThreadPoolExecutor(8) as callers,
    ):
        assert list(callers.map(order, [port] * 20)) == [401] * 20
        killed = server.children()
        for worker in killed:
            worker.send_signal(signal.SIGKILL)
        psutil.wait_procs(killed, timeout=10)
        wait_until(lambda: scrape(port).text, "new processes answer")
        answers = sorted(callers.map(order, [port] * 20))
        assert answers == [401] * 10 + [429] * 10
