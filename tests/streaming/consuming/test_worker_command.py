"""The worker as a process among others."""

from pathlib import Path

import pytest

from native.driving.embedded import Platform, free_ports, wait_until
from native.driving.scraping import scrape

pytestmark = pytest.mark.broker


def niceness(task: Path) -> int:
    """Field 19 of a thread's stat, after the name, which may hold anything: proc(5)."""
    return int((task / "stat").read_text().rpartition(")")[2].split()[16])


def test_a_worker_and_its_clients_of_kafka_stand_back_for_those_who_wait_for_an_answer(
    platform_processes: Platform,
) -> None:
    (port,) = free_ports(1)
    platform_processes.environment["WORKER_NICENESS"] = "7"
    worker = platform_processes.start("run_aggregator", "--metrics-port", str(port))
    wait_until(lambda: scrape(port).value("platform_worker_rebalances_total") >= 1, "it is a member")
    tasks = Path(f"/proc/{worker.pid}/task")
    clients = [task for task in tasks.iterdir() if (task / "comm").read_text().startswith("rdk:")]
    assert len(clients) > 1
    assert {niceness(task) for task in [tasks / str(worker.pid), *clients]} == {7}
