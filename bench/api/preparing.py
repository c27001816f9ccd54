"""Both databases, filled alike: tables, accounts with tokens, transactions, hourly totals."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from native.driving.embedded import ROOT

SECRET = "of measurements only, where it protects nothing at all"
OURS = {"SECRET_KEY": SECRET, "PYTHONPATH": "platform", "DJANGO_SETTINGS_MODULE": "config.settings"}


class Fillable(Protocol):
    @property
    def root(self) -> Mapping[str, str]: ...


def fill(database: Fillable, rows: int, users: int, now: datetime, accounts: Path) -> dict[str, str]:
    """Make the tables of a database that runs, and fill them; gives the accounts' tokens, by name."""
    environment = {**os.environ, **OURS, **database.root}
    run("manage.py", "migrate", "--verbosity", "0", environment=environment)
    run("manage.py", "make_demo_accounts", "--write", str(accounts), environment=environment)
    sizes = {"transactions": rows, "hourly-totals": rows, "users": users, "now": now.isoformat()}
    options = [word for name, value in sizes.items() for word in (f"--{name}", str(value))]
    run("-m", "bench.filling", *options, environment=environment)
    return {name: login["token"] for name, login in json.loads(accounts.read_text()).items()}


def run(*arguments: str, environment: Mapping[str, str]) -> None:
    """Run Python to its end; its output is of interest only if it fails."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]


def whole_second() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
