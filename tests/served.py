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

import psutil

from native.driving.embedded import ROOT, UNLIMITED, free_ports, platform_environment, wait_until
from native.driving.scraping import scrape


@dataclass(frozen=True, slots=True)
class Server:
    """gunicorn's first process, and where it answers."""

    port: int
    process: psutil.Popen
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def gunicorn(environment: Mapping[str, str], log: Path, *options: str) -> Iterator[Server]:
    """Serve the API in this environment until the block ends, with these options beside the usual ones."""
    [port] = free_ports(1)
    command = [sys.executable, "-m", "gunicorn", "-c", "platform/config/gunicorn.py", "-b", f"127.0.0.1:{port}"]
    with log.open("a") as output:
        process = psutil.Popen([*command, *options], cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        # By what counts no request as somebody's.
        wait_until(lambda: process.poll() is not None or scrape(port).text, "the API answers", state=log.read_text)
        assert process.poll() is None, log.read_text()
        yield Server(port, process, log)
    finally:
        if process.is_running():
            process.terminate()
            process.wait(60)


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
    database = folder / "platform.sqlite3"
    copy(migrated, database)
    environment = os.environ | platform_environment(database, "127.0.0.1:1")
    for rate in UNLIMITED:  # as callers find it
        del environment[rate]
    logins = _logins(environment)
    with gunicorn(environment, folder / "gunicorn.log", f"-w{processes}") as server:
        yield Served(server.url, logins)


def _logins(environment: Mapping[str, str]) -> dict[str, dict[str, str]]:
    command = [sys.executable, "manage.py", "make_demo_accounts"]
    made = subprocess.run(command, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, check=True)
    return dict(json.loads(made.stdout))
