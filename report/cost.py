"""What it costs each process to be asked for its figures."""

import json
import time
from typing import Any

import psutil

from native.driving.embedded import wait_until
from native.loopback import urlopen

SCRAPES, TRIES = 20, 3


def costs(prometheus: str) -> dict[str, dict[str, float]]:
    """For each target: milliseconds of processor time that a scrape takes, its interval, and the share of a core."""
    serving = listeners()
    with urlopen(f"{prometheus}/api/v1/targets", timeout=10) as answer:
        targets = json.load(answer)["data"]["activeTargets"]
    return {
        target["labels"]["instance"]: cost_whoever_serves(target, port)
        for target in targets
        if (port := port_of(target)) in serving
    }


def cost_whoever_serves(target: Any, port: int) -> dict[str, float]:
    """What it costs the process behind a port; one that ends meanwhile is asked anew once it runs again."""
    for left in reversed(range(TRIES)):
        wait_until(lambda: port in listeners(), f"somebody listens on {port}")
        try:
            return cost(target, listeners()[port])
        except (psutil.NoSuchProcess, OSError):
            if not left:
                raise
    raise AssertionError("unreachable")


def cost(target: Any, process: psutil.Process) -> dict[str, float]:
    url, every = target["scrapeUrl"], float(target["scrapeInterval"].removesuffix("s"))
    ask(url)
    began, before = time.monotonic(), processor_seconds(process)
    for _ in range(SCRAPES):
        ask(url)
    asked, took = processor_seconds(process) - before, time.monotonic() - began
    # What the process does anyway, over as long a time.
    before = processor_seconds(process)
    time.sleep(took)
    each = max(0.0, asked - (processor_seconds(process) - before)) / SCRAPES
    return {"ms": round(each * 1000, 1), "every_seconds": every, "core_percent": round(100 * each / every, 3)}


def ask(url: str) -> None:
    with urlopen(url, timeout=10) as answer:
        answer.read()


def processor_seconds(process: psutil.Process) -> float:
    """Processor time that a process and its children have had."""
    family = [process, *process.children(recursive=True)]
    return sum(sum(member.cpu_times()[:2]) for member in family)


def listeners() -> dict[int, psutil.Process]:
    """Who listens on each port; of a server and its children the server."""
    found: dict[int, set[int]] = {}
    for each in psutil.net_connections(kind="tcp"):
        if each.status == psutil.CONN_LISTEN and each.pid and each.laddr:
            found.setdefault(each.laddr.port, set()).add(each.pid)
    processes = {port: [psutil.Process(pid) for pid in pids] for port, pids in found.items()}
    return {port: next(each for each in some if each.ppid() not in found[port]) for port, some in processes.items()}


def port_of(target: Any) -> int:
    return int(target["scrapeUrl"].split("/")[2].rpartition(":")[2])
