"""How many requests a second one process of the API answers, and how fast, on embedded parts.

PYTHONPATH=platform .venv/bin/python -m bench.api [--seconds 10] [--callers 8]
"""

import argparse
import http.client
import json
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.embedded import platform
from native.driving.embedded import ROOT, Platform, free_ports, wait_until
from native.driving.shop import percentile

MANY = 100
Call = tuple[str, str, Any]


def main() -> None:
    parser = argparse.ArgumentParser("python -m bench.api", description="Measure the API.")
    parser.add_argument("--seconds", type=float, default=10, help="for each kind of request")
    parser.add_argument("--callers", type=int, default=8, help="at the same time")
    options = parser.parse_args()
    table = Table("request", "a second", "p50", "p99", title=f"{options.callers} callers, one process of gunicorn")
    with platform() as measured, api(measured) as (port, token):
        for name, call in CALLS.items():
            times = all_calls(port, token, call, options.seconds, options.callers)
            figures = (
                f"{len(times) / options.seconds:,.0f}",
                *(f"{1000 * percentile(times, p):.0f} ms" for p in (0.5, 0.99)),
            )
            table.add_row(name, *figures)
    Console().print(table)


def order() -> dict[str, Any]:
    return {"user_id": random.randrange(1, 5000), "amount": f"{random.randrange(100, 50_000) / 100:.2f}"}


CALLS: dict[str, Callable[[], Call]] = {
    "POST /transactions, one order": lambda: ("POST", "/transactions", order()),
    f"POST /transactions, {MANY} orders": lambda: ("POST", "/transactions", [order() for _ in range(MANY)]),
    "GET /transactions": lambda: ("GET", "/transactions", None),
    "POST /search/transactions": lambda: ("POST", "/search/transactions", {"user_id": random.randrange(1, 5000)}),
    "GET /health/live": lambda: ("GET", "/health/live", None),
}


@contextmanager
def api(measured: Platform) -> Iterator[tuple[int, str]]:
    """Its port, and the shop's token."""
    logins = measured.folder / "accounts.json"
    measured.run("make_demo_accounts", "--write", str(logins))
    (port,) = free_ports(1)
    with measured.log("api").open("w") as log:
        command = ["-m", "gunicorn", "--config", "platform/config/gunicorn.py", "--bind", f"127.0.0.1:{port}"]
        process = subprocess.Popen(
            [sys.executable, *command, "--log-level", "warning"],
            cwd=ROOT,
            env=measured.environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until(lambda: answers(port), "the API answers")
        yield port, json.loads(logins.read_text())["shop"]["token"]
    finally:
        process.terminate()
        process.wait(30)


def answers(port: int) -> bool:
    with suppress(OSError):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        connection.request("GET", "/health/live")
        return connection.getresponse().status == 200
    return False


def all_calls(port: int, token: str, call: Callable[[], Call], seconds: float, callers: int) -> list[float]:
    """Seconds that each call took, of callers who each wait for an answer before they call again."""
    with ThreadPoolExecutor(callers) as pool:
        done = pool.map(lambda _: calls_of_one(port, token, call, seconds), range(callers))
        return [each for times in done for each in times]


def calls_of_one(port: int, token: str, call: Callable[[], Call], seconds: float) -> list[float]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    times: list[float] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        method, path, body = call()
        began = time.monotonic()
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status < 300, (method, path, answer.status)
        times.append(time.monotonic() - began)
    connection.close()
    return times


if __name__ == "__main__":
    main()
