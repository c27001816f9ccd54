"""Callers in Python, each of which waits for an answer before it calls again."""

import http.client
import json
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

Call = tuple[str, str, Any]
"""method, path, and the body if there is one"""


def order() -> Call:
    amount = f"{random.randrange(100, 50_000) / 100:.2f}"
    return "POST", "/transactions", {"user_id": random.randrange(1, 5000), "amount": amount}


def live() -> Call:
    return "GET", "/health/live", None


def all_calls(port: int, token: str, call: Callable[[], Call], seconds: float, callers: int) -> list[float]:
    """Seconds that each call took, of all callers."""
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
