"""Takes down what a running cluster shows and how fast it is, in report/evidence. `make evidence` runs it.

python -m report.gather [--name cluster] [--ports 19]
python -m report.gather --fresh     from a cluster that it starts from nothing, and ends
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from threading import Event, Thread
from typing import Any

import psutil
from matplotlib.figure import Figure
from PIL import Image
from rich.console import Console

from bench import machine
from grafana.draw import draw
from grafana.generate import FOLDER as DASHBOARDS
from grafana.prometheus_api import Prometheus
from native.cluster import STARTED
from native.driving.embedded import wait_until
from native.driving.expected import Expected
from native.driving.faults import stopped, wrong_passwords
from native.driving.running import RunningCluster
from native.driving.shop import Shop, percentile
from native.layout import ROOT, Layout
from report import access, cost, logs, required, screenshots, secret_scan, throughput
from report.latency import OFTEN, STAGES, latencies

EVIDENCE = ROOT / "report" / "evidence"
FRESH = Layout(ROOT / "var" / "report", 23)
BACKLOG, MEASURED_ORDERS, LOOKS_AT_KAFKA = 20_000, 200, 50
RATE, LOAD_SECONDS = 50, 180
"""The stated load: mock orders a second straight to the topic, and how long; beside them a shop calls the API."""
WARM_AFTER_SECONDS = 20
"""Of load: by then Java has compiled what it runs all the time."""
REST_SECONDS = 20
SETTLE_SECONDS = 65
"""What arrived within the last minute is not compared."""
DPI = 100
REQUIRED_DPI, REQUIRED_WIDTH = 200, 6.5
"""Inches: as wide as the report's text, so that letters are as large there as they are drawn."""
LONG_AGO = timedelta(days=400)
"""The backlog's orders are of another time, so that they stand apart from all others."""
Json = dict[str, Any]
console = Console(highlight=False, soft_wrap=True)


def main() -> None:
    parser = argparse.ArgumentParser("python -m report.gather", description="Take down what a running cluster shows.")
    parser.add_argument("--name", default="cluster", help="the cluster's folder under var")
    parser.add_argument("--ports", type=int, default=19, help="the thousands of its ports (19)")
    parser.add_argument("--fresh", action="store_true", help="start a cluster from nothing for it, and end it")
    options = parser.parse_args()
    if options.fresh:
        with fresh_cluster() as cluster:
            gather(cluster, EVIDENCE)
        return
    try:
        cluster = RunningCluster(Layout(ROOT / "var" / options.name, options.ports))
    except AssertionError:
        sys.exit("The cluster does not run: `make cluster` starts it, `make report FRESH=1` one for this alone.")
    gather(cluster, EVIDENCE)


@contextmanager
def fresh_cluster() -> Iterator[RunningCluster]:
    """A cluster without a past, on ports of its own; it is ended whatever happens, and its logs stay."""
    command = [sys.executable, "-m", "native.cluster", "--ports", str(FRESH.prefix), "--name", FRESH.var.name]
    subprocess.run([*command, "down"], cwd=ROOT, check=True)
    shutil.rmtree(FRESH.var, ignore_errors=True)
    try:
        subprocess.run([*command, "up"], cwd=ROOT, env=os.environ | OFTEN, check=True)
        yield RunningCluster(FRESH)
    finally:
        subprocess.run([*command, "down"], cwd=ROOT, check=True)


def gather(cluster: RunningCluster, folder: Path) -> None:
    began = time.time()
    folder.mkdir(parents=True, exist_ok=True)
    figures: Json = about(cluster)
    with step(f"latencies of {MEASURED_ORDERS} orders under load: {RATE} orders/s and a shop's calls"):
        figures["latency"], figures["load"] = under_load(cluster)
        write(figures, folder)
    with step(f"a backlog of {BACKLOG:,} orders, worked off"):
        figures["throughput"] = backlog(cluster)
        write(figures, folder)
    with step("logs, topics and answers of an order's way"):
        _, files = logs.captured(cluster)
        logs.keep(files, folder)
        keep_json(access.shown(cluster), folder / "access.json")
        keep_json(cluster.call("operator", "GET", "/monitoring/kafka")[1], folder / "monitoring-kafka.json")
    with step("pictures of pages"):
        for name in screenshots.take_pages(cluster, folder / "pages"):
            console.print(f"  {name}")
    # What is still added up while it is compared would be in one side's count and not in the other's.
    waiting = "a comparison of all stages, once nothing has come for a minute"
    with step(waiting), stopped(cluster, "celery-beat"):
        time.sleep(SETTLE_SECONDS)
        reconcile(cluster, folder / "reconcile.txt")
    with step("pictures of dashboards"):
        ended, lines = time.time(), logs.lines_of_logins(cluster)
        take_dashboards(cluster, folder / "dashboards", lines, begin=began, end=ended)
        take_required(cluster, folder / "required", lines, begin=began, end=ended)
    with step(f"what it costs to be asked, after {REST_SECONDS} s of rest"):
        time.sleep(REST_SECONDS)
        figures["scrape"] = cost.costs(cluster.layout.address("prometheus"))
    figures["memory"] = {name: round(size / 2**20) for name, size in cluster.parts.memory().items()}
    write(figures, folder)
    found = secret_scan.leaks(folder, cluster.layout)
    if found:
        sys.exit("Not to be published: " + "; ".join(found))
    console.print(f"{folder.relative_to(ROOT)} has it all, after {time.time() - began:.0f} s.")


def write(figures: Json, folder: Path) -> None:
    keep_json(figures, folder / "figures.json")


def keep_json(value: Any, file: Path) -> None:
    file.write_text(json.dumps(value, indent=2) + "\n")


@contextmanager
def step(what: str) -> Iterator[None]:
    console.print(f"Taking {what} …")
    began = time.monotonic()
    yield
    console.print(f"  done in {time.monotonic() - began:.0f} s")


def about(cluster: RunningCluster) -> Json:
    """When, where and on what the figures were taken."""
    started = cluster.layout.var / STARTED
    return {
        "taken": datetime.now(UTC).replace(microsecond=0).isoformat(),
        "command": "make evidence",
        "version": tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"],
        "commit": machine.commit(),
        "machine": {
            "cores": os.cpu_count(),
            "memory_gib": round(psutil.virtual_memory().total / 2**30),
            "processor": machine.processor(),
            "system": f"{platform.system()} {platform.release().split('-')[0]}",
            "python": platform.python_version(),
            # More than one: others worked on the machine too.
            "load_before": round(os.getloadavg()[0], 2),
        },
        "start": json.loads(started.read_text()) if started.exists() else None,
    }


def under_load(cluster: RunningCluster) -> tuple[Json, Json]:
    """Latencies while orders come by both doors, and what that load was."""
    closed, shop = Event(), Shop(cluster, Expected(), seed=51)
    caller = Thread(target=shop.keep_ordering, args=[closed])
    log = cluster.layout.var / "log" / "evidence-producer.log"
    producer = cluster.begin("producer", "run_producer", "--rate", str(RATE), log=log)
    began = time.monotonic()
    caller.start()
    try:
        time.sleep(WARM_AFTER_SECONDS)
        # Users of their own at every run, so that each order is the first that is found.
        seconds = latencies(cluster, MEASURED_ORDERS, first_user=int(time.time()))
        looks = [
            seconds_of(lambda: cluster.call("operator", "GET", "/monitoring/kafka")) for _ in range(LOOKS_AT_KAFKA)
        ]
        with wrong_passwords(cluster):
            time.sleep(max(0.0, LOAD_SECONDS - (time.monotonic() - began)))
    finally:
        closed.set()
        caller.join()
        producer.terminate()
        producer.wait(60)
    took = time.monotonic() - began
    times = {stage: [each[stage] for each in seconds] for stage in ("answer", *STAGES)} | {"monitoring": looks}
    load = {"orders_per_second": RATE, "seconds": round(took), "api_calls_per_second": round(shop.calls / took, 1)}
    return {
        stage: {"p50": round(1000 * percentile(some, 0.5)), "p99": round(1000 * percentile(some, 0.99)), "n": len(some)}
        for stage, some in times.items()
    }, load


def seconds_of(call: Callable[[], Any]) -> float:
    began = time.monotonic()
    status, _ = call()
    assert status == 200
    return time.monotonic() - began


def backlog(cluster: RunningCluster) -> Json:
    start = (datetime.now(UTC) - LONG_AGO).replace(microsecond=0)
    # Without a seed: orders that were sent by an earlier run would be recognised, and nothing written.
    arguments = ["--rate", "1000000", "--count", str(BACKLOG), "--start", start.isoformat()]
    log = cluster.layout.var / "log" / "evidence-backlog.log"
    looks = throughput.worked_off(
        cluster.layout, BACKLOG, lambda: cluster.begin("producer", "run_producer", *arguments, log=log)
    )
    return {
        "orders": BACKLOG,
        "stages": throughput.summed_up(looks, BACKLOG),
        "looks": [
            {"at": round(look.at, 2)} | {name: round(done) for name, done in look.done.items()} for look in looks
        ],
    }


def reconcile(cluster: RunningCluster, file: Path) -> None:
    """Lay topics, tables, totals, alerts and index beside each other; whether they agree, the file says."""
    ended = cluster.begin("reconciler", "reconcile", log=file).wait(600)
    assert ended in {0, 1}, file.read_text()
    file.write_text(logs.without_paths(file.read_text()))
    prometheus = Prometheus(cluster.layout.address("prometheus"))
    wait_until(lambda: prometheus.at("platform_reconciliation_timestamp_seconds"), "Prometheus knows of it")


def take_dashboards(cluster: RunningCluster, folder: Path, lines: Sequence[str], *, begin: float, end: float) -> None:
    """Each of them whole; lines: of the brokers' logs, for the panel that shows them."""
    prometheus = Prometheus(cluster.layout.address("prometheus"))
    shutil.rmtree(folder, ignore_errors=True)
    files = sorted(DASHBOARDS.glob("*.json"))
    for file in files:
        picture = draw(json.loads(file.read_text()), prometheus, begin=begin, end=end, lines=lines)
        keep_picture(picture, folder / f"{file.stem}.png", DPI)
        console.print(f"  {file.stem}")
    for uid in screenshots.take_grafana([file.stem for file in files], folder, begin=begin, end=end):
        console.print(f"  Grafana's {uid}")


def take_required(cluster: RunningCluster, folder: Path, lines: Sequence[str], *, begin: float, end: float) -> None:
    """Those panels that were asked for by name, as wide as a page."""
    prometheus = Prometheus(cluster.layout.address("prometheus"))
    shutil.rmtree(folder, ignore_errors=True)
    for each in required.REQUIRED:
        part = required.part_of(json.loads((DASHBOARDS / f"{each.uid}.json").read_text()), each.panels)
        picture = draw(part, prometheus, begin=begin, end=end, lines=lines, width=REQUIRED_WIDTH)
        keep_picture(picture, folder / f"{each.name}.png", REQUIRED_DPI)
        console.print(f"  {each.title}")


def keep_picture(picture: Figure, file: Path, dots_per_inch: int) -> None:
    content = BytesIO()
    picture.savefig(content, dpi=dots_per_inch)
    screenshots.small(Image.open(content), file)


if __name__ == "__main__":
    main()
