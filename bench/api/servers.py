"""Starting the servers that are compared, and what they take of the machine."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from configparser import RawConfigParser
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.error import HTTPError

import psutil

from bench.running import OURS
from native.demo import SUPERVISORD_CONF
from native.driving.embedded import ROOT, free_ports, wait_until
from native.loopback import urlopen

START_SECONDS = 120
END_SECONDS = 30


@dataclass(frozen=True)
class Server:
    """How one of them is started. The port stands in its command as {port}."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    alive: str
    """an address that it answers without a login, be it by saying that it wants one"""
    warm_seconds: float
    """for each kind of request, before it is measured"""

    def told(self, more: Mapping[str, str]) -> "Server":
        """The same with more variables."""
        return replace(self, environment={**self.environment, **more})


@dataclass
class Running:
    """A server that answers."""

    process: psutil.Process
    port: int
    seen: dict[int, float] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cpu_seconds(self) -> float:
        """Of all its processes so far; those that have ended count as they were seen last."""
        for each in self._family():
            with suppress(psutil.NoSuchProcess):
                self.seen[each.pid] = sum(each.cpu_times()[:2])
        return sum(self.seen.values())

    def memory_bytes(self) -> int:
        """Proportional set size of all its processes: what they share counts once."""
        return sum(each.memory_full_info().pss for each in self._family())

    def _family(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]


def ours(name: str, environment: Mapping[str, str]) -> Server:
    """Our API on a database, started with the very command of `make demo`, and with the cluster's form of logs."""
    told = {**OURS, "LOG_FORMAT": "json", **environment}
    return Server(name, command_of_demo(SUPERVISORD_CONF), told, "/health/live", warm_seconds=2)


def command_of_demo(conf: Path) -> list[str]:
    """How supervisord starts the API in `make demo`."""
    parser = RawConfigParser(inline_comment_prefixes=(";",))
    parser.read(conf)
    command = parser["program:api"]["command"]
    filled = command
    for name, value in {"PYTHON": sys.executable, "API_HOST": "127.0.0.1", "API_PORT": "{port}"}.items():
        filled = filled.replace(f"%(ENV_{name})s", value)
    assert "%(" not in filled, f"{conf.name} wants more of a command for the API than where it listens: {command}"
    return filled.split()


@contextmanager
def running(server: Server, log: Path) -> Iterator[Running]:
    """Start a server, wait until it answers, and end it afterwards."""
    (port,) = free_ports(1)
    with log.open("a") as output:
        process = psutil.Popen(
            [part.format(port=port) for part in server.command],
            cwd=ROOT,
            env={**os.environ, **server.environment, "PORT": str(port)},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    started = Running(process, port)
    try:
        wait_until(
            lambda: process.poll() is not None or answers(started.url + server.alive),
            f"{server.name} answers",
            START_SECONDS,
        )
        assert process.poll() is None, f"{server.name} ended: read {log}"
        yield started
    finally:
        process.terminate()
        process.wait(END_SECONDS)


def answers(url: str) -> bool:
    """Whether somebody speaks HTTP there, be it to ask who we are."""
    try:
        with urlopen(url, timeout=2):
            return True
    except HTTPError as error:
        return error.code < 500
    except OSError:
        return False
