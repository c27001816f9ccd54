"""The API behind several processes of gunicorn."""

import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.embedded import ROOT, free_ports, platform_environment, wait_until
from tests.scraping import Scrape, scrape

REQUESTS = "django_http_requests_total_by_view_transport_method_total"
CONFIG = "platform/config/gunicorn.py"


@contextmanager
def gunicorn(tmp_path: Path, port: int, workers: int, folder: str = "") -> Iterator[psutil.Process]:
    environment = os.environ | platform_environment(tmp_path / "none.sqlite3", "127.0.0.1:1")
    environment |= {"TMPDIR": str(tmp_path), "PROMETHEUS_MULTIPROC_DIR": folder}
    command = [sys.executable, "-m", "gunicorn", "-c", CONFIG, "--bind", f"127.0.0.1:{port}", "-w", str(workers)]
    with (tmp_path / "gunicorn.log").open("a") as log:
        process = psutil.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        wait_until(lambda: process.poll() is not None or scrape(port).text, "it answers", timeout=40)
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
    with gunicorn(tmp_path, port, workers=2) as server:
        ask(port, 40)
        counts = {asked(scrape(port)) for _ in range(10)}
        assert counts == {40}
        for worker in server.children():
            worker.send_signal(signal.SIGKILL)
        psutil.wait_procs(server.children(), timeout=10)
        wait_until(lambda: asked(scrape(port)) >= 40, "new processes answer")
        ask(port, 5)
        assert asked(scrape(port)) == 45
    assert list(tmp_path.glob("api-metrics-*")) == []


def test_a_start_forgets_what_an_earlier_one_counted(tmp_path: Path) -> None:
    [port] = free_ports(1)
    folder = tmp_path / "kept"
    for _ in range(2):
        with gunicorn(tmp_path, port, workers=1, folder=str(folder)):
            ask(port, 3)
            assert asked(scrape(port)) == 3
    assert list(folder.glob("counter_*.db"))
