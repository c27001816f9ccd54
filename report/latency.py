"""How long it takes until an order that was posted shows: in the search, in the hourly total, as an alert."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from native.driving.running import RunningCluster

STAGES = ("searchable", "hourly total", "alert")
AT_A_TIME, PATIENCE_SECONDS = 4, 60
LOOK_EVERY_SECONDS = 0.05
"""Between looks at the stages: who asks without a pause measures his own questions."""

OFTEN = {"RATE_SEARCHES_PER_ACCOUNT": "off", "RATE_SEARCHES_PER_ADDRESS": "off"}
"""What a cluster is started with for this: looks at a search every 50 ms are more than one account may ask for."""


def latencies(cluster: RunningCluster, orders: int, *, first_user: int = 1_000_000) -> list[dict[str, float]]:
    """Seconds to each stage, of so many orders, each of a user of its own and large enough for an alert."""
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        return list(pool.map(lambda number: latency(cluster, first_user + number), range(orders)))


def latency(cluster: RunningCluster, user: int) -> dict[str, float]:
    body = {"user_id": user, "amount": "20000000.00", "status": "SUCCESS"}
    began = time.monotonic()
    status, order = cluster.call("shop", "POST", "/transactions", body)
    assert status == 201, order
    seconds = {"answer": time.monotonic() - began}
    questions: dict[str, Callable[[], Any]] = {
        "searchable": lambda: asked(cluster, "shop", "POST", "/search/transactions", {"user_id": user})["total"],
        "hourly total": lambda: asked(cluster, "analyst", "GET", f"/analytics/users/{user}/hourly")["hours"],
        "alert": lambda: asked(cluster, "investigator", "GET", f"/fraud/alerts?user_id={user}")["results"],
    }
    while missing := [stage for stage in STAGES if stage not in seconds]:
        assert time.monotonic() - began < PATIENCE_SECONDS, f"only {seconds} within a minute"
        for stage in missing:
            if questions[stage]():
                seconds[stage] = time.monotonic() - began
        time.sleep(LOOK_EVERY_SECONDS)
    return seconds


def asked(cluster: RunningCluster, role: str, method: str, path: str, body: Any = None) -> Any:
    """The answer to a look; raises AssertionError for any other than 200, which would count as "not there yet"."""
    status, answer = cluster.call(role, method, path, body)
    assert status != 429, f"{path} is asked too often for this cluster's limits: start it with {OFTEN}"
    assert status == 200, (method, path, status, answer)
    return answer
