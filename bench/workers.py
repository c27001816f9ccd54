"""How many orders a second each worker handles, alone, on embedded parts.

PYTHONPATH=platform .venv/bin/python -m bench.workers [--orders 50000]
"""

import argparse
import time

import psutil
from rich.console import Console
from rich.table import Table

from bench.embedded import platform
from native.driving.embedded import Platform, free_ports, wait_until
from native.driving.scraping import scrape
from streaming.topology import EVERYWHERE, Worker

HANDLED = "platform_worker_events_handled_total"


def main() -> None:
    parser = argparse.ArgumentParser("python -m bench.workers", description="Measure each worker alone.")
    parser.add_argument("--orders", type=int, default=50_000)
    orders = parser.parse_args().orders
    table = Table("worker", "orders/s", "processor, µs an order", title=f"{orders:,} orders, one process each")
    with platform() as measured:
        began = time.monotonic()
        measured.run("run_producer", "--rate", "1000000", "--count", str(orders), "--seed", "1")
        table.add_row("producer, with its start", f"{orders / (time.monotonic() - began):,.0f}", "")
        for worker in (each for each in EVERYWHERE if each.group):
            seconds, processor = work_off(measured, worker, orders)
            table.add_row(worker.name, f"{orders / seconds:,.0f}", f"{processor / orders * 1e6:,.0f}")
    Console().print(table)


def work_off(measured: Platform, worker: Worker, orders: int) -> tuple[float, float]:
    """Seconds from the moment at which a worker is ready to its last order, and its processor seconds in between."""
    (port,) = free_ports(1)
    process = measured.start(worker.command, "--metrics-port", str(port), "--verbosity", "0")
    wait_until(lambda: scrape(port).text, f"the {worker.name} is ready")
    began, before = time.monotonic(), sum(psutil.Process(process.pid).cpu_times()[:2])

    def done() -> bool:
        # Asked seldom, since asking costs it time.
        time.sleep(0.1)
        return sum(scrape(port).values(HANDLED, topic="transactions")) >= orders

    wait_until(done, f"the {worker.name} has handled every order", timeout=600)
    seconds, processor = time.monotonic() - began, sum(psutil.Process(process.pid).cpu_times()[:2]) - before
    process.terminate()
    process.wait(30)
    return seconds, processor


if __name__ == "__main__":
    main()
