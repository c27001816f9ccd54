"""What a measurement was taken on: the machine, and the versions of all that took part."""

import os
import platform
import re
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

from bench.figures import CORES
from native.layout import ROOT

PACKAGES = ("Django", "djangorestframework", "msgspec", "gunicorn", "waitress", "mysqlclient", "confluent-kafka")
"""whose versions are told, of those that are installed"""


def take_cores() -> None:
    """Keep to the first cores, with all that is started from here on."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])


def described() -> dict[str, Any]:
    """Machine, versions, commit and moment, as they are written beside every result."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "machine": {
            "processor": processor(),
            "cores": len(os.sched_getaffinity(0)),
            "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
            "kernel": platform.release(),
            "load_before": round(os.getloadavg()[0], 2),
        },
        "versions": {"Python": platform.python_version(), "SQLite": sqlite3.sqlite_version} | dict(versions()),
    }


def sentence(told: Mapping[str, Any]) -> str:
    """Where and when, of what described() gives."""
    found = told["machine"]
    return (
        f"On {found['cores']} cores of {found['processor']} with {found['memory_gb']:g} GB, Linux {found['kernel']}, "
        f"{told['date'][:10]}, commit {told['commit']}."
    )


def versions() -> Iterator[tuple[str, str]]:
    for name in PACKAGES:
        with suppress(PackageNotFoundError):
            yield name, version(name)


def commit() -> str:
    """The commit that is checked out, and whether anything beside it was changed."""
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--exclude", "*"],
        cwd=ROOT, text=True, capture_output=True, check=False,
    )  # fmt: skip
    return done.stdout.strip() or "unknown"


def is_committed(told: str) -> bool:
    """Whether what commit() told is all that runs."""
    return "dirty" not in told and told != "unknown"


def processor() -> str:
    """Its model, as Linux names it."""
    found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), flags=re.MULTILINE)
    return found[1] if found else platform.machine()
