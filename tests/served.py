"""The API as gunicorn serves it, on a database of its own with an account of each role."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import copy
from urllib.error import URLError

from native.driving.embedded import ROOT, UNLIMITED, free_ports, platform_environment, wait_until
from native.loopback import urlopen


@dataclass(frozen=True, slots=True)
class Served:
    url: str
    logins: Mapping[str, Mapping[str, str]]
    """by the account's name: password and token among others"""

    @property
    def environment(self) -> dict[str, str]:
        """Of programs that use it, under the names that var/demo.env has."""
        logins = {
            f"{name.upper()}_{what.upper()}": login[what]
            for name, login in self.logins.items()
            for what in ("password", "token")
        }
        return os.environ | {"API_URL": self.url, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"} | logins


@contextmanager
def served(folder: Path, migrated: Path, processes: int = 1) -> Iterator[Served]:
    """Serve the API on a copy of this migrated database, until the block ends; nothing else of the platform runs."""
    [port] = free_ports(1)
    database = folder / "platform.sqlite3"
    copy(migrated, database)
    environment = os.environ | platform_environment(database, "127.0.0.1:1")
    for rate in UNLIMITED:  # as callers find it
        del environment[rate]
    logins = _logins(environment)
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "-c",
        "platform/config/gunicorn.py",
        "-b",
        f"127.0.0.1:{port}",
        f"-w{processes}",
    ]
    with (folder / "gunicorn.log").open("w") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: process.poll() is not None or _answers(url), "the API answers")
        assert process.poll() is None, (folder / "gunicorn.log").read_text()
        yield Served(url, logins)
    finally:
        process.terminate()
        process.wait(20)


def _logins(environment: Mapping[str, str]) -> dict[str, dict[str, str]]:
    command = [sys.executable, "manage.py", "make_demo_accounts"]
    made = subprocess.run(command, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, check=True)
    return dict(json.loads(made.stdout))


def _answers(url: str) -> bool:
    try:
        with urlopen(f"{url}/health/live", timeout=10) as answer:
            return answer.status == 200
    except (URLError, OSError):
        return False
