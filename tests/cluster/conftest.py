import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from native.driving.embedded import ROOT
from native.driving.expected import Expected
from native.driving.running import RunningCluster
from native.layout import Layout
from report.latency import OFTEN

LAYOUT = Layout(ROOT / "var" / "proof", 29)
COMMAND = [sys.executable, "-m", "native.cluster", "--ports", str(LAYOUT.prefix), "--name", LAYOUT.var.name]


@pytest.fixture(scope="session")
def cluster() -> Iterator[RunningCluster]:
    """A cluster of its own, from nothing; it is ended whatever happens, and its logs stay.

    RUNNING_CLUSTER=name:ports names one that runs already, and goes on.
    """
    if running := os.environ.get("RUNNING_CLUSTER"):
        name, _, ports = running.partition(":")
        yield RunningCluster(Layout(ROOT / "var" / name, int(ports)))
        return
    subprocess.run([*COMMAND, "down"], cwd=ROOT, check=True)
    shutil.rmtree(LAYOUT.var, ignore_errors=True)
    # No simulated traffic: every record is one that a test accounts for.
    environment = os.environ | {"SIMULATED_ORDERS_PER_SECOND": "0"} | OFTEN
    try:
        subprocess.run([*COMMAND, "up"], cwd=ROOT, env=environment, check=True)
        yield RunningCluster(LAYOUT)
    finally:
        subprocess.run([*COMMAND, "down"], cwd=ROOT, check=True)


@pytest.fixture(scope="session")
def expected() -> Expected:
    """What went in, over all tests of the session."""
    return Expected()


@pytest.fixture(scope="session")
def evidence() -> Path:
    folder = ROOT / "report" / "evidence"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The proof first, while every record is one that it accounts for; drills last, since they break things."""
    order = {"test_proof.py": 0, "test_alerts.py": 2}
    items.sort(key=lambda item: order.get(item.path.name, 1))
