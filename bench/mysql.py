"""A MySQL of its own for measurements: the programs and files of `make cluster`, in a folder under var."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import psutil

from native import readiness
from native.configuration import mysql, platform
from native.configuration.files import COMPOSE
from native.driving.embedded import wait_until
from native.layout import HOST, ROOT, Layout
from native.packages import debian
from native.packages.fetching import fetch_mysql
from native.security.accounts import secret
from native.security.certificates import make_certificates

THOUSANDS = range(27, 32)
"""of ports that neither the demo, the cluster nor the tests take"""
START_SECONDS = 120


class NoFreePort(RuntimeError):
    """All ports are taken; says which."""


@dataclass
class MySQL:
    """A server that is started, ended, and put back to what it was.

    name: of its folder under var/bench. buffer_pool: megabytes.
    """

    name: str
    buffer_pool: int

    @cached_property
    def layout(self) -> Layout:
        return Layout(ROOT / "var" / "bench" / self.name, free_thousands())

    @property
    def home(self) -> Path:
        return self.layout.var / "mysql"

    @property
    def port(self) -> int:
        return self.layout.ports["mysql"]

    def make(self) -> None:
        """Fetch the programs and make an empty server, whatever was there."""
        shutil.rmtree(self.layout.var, ignore_errors=True)
        self.layout.var.mkdir(parents=True)
        self.layout.var.chmod(0o711)
        fetch_mysql(self.layout)
        make_certificates(self.layout.certificates, ["mysql"])
        mysql.configure(self.layout)
        platform.configure(self.layout)
        with self.running():
            mysql.run_sql(self.layout, COMPOSE / "mysql" / "accounts.sql")

    @contextmanager
    def running(self) -> Iterator[psutil.Process]:
        program = debian.command_of(self.layout.mysql, "usr/sbin/mysqld")
        options = [f"--defaults-file={self.home / 'my.cnf'}", f"--innodb-buffer-pool-size={self.buffer_pool}M"]
        log = self.layout.var / "mysql.log"
        with log.open("a") as output:
            process = psutil.Popen([*program, *options], stdout=output, stderr=subprocess.STDOUT)
        try:
            wait_until(
                lambda: process.poll() is not None or readiness.mysql(self.layout), "MySQL answers", START_SECONDS
            )
            assert process.poll() is None, f"MySQL ended: read {log}"
            yield process
        finally:
            process.terminate()
            process.wait(START_SECONDS)

    def version(self) -> str:
        """Of the programs that were fetched."""
        program = debian.command_of(self.layout.mysql, "usr/sbin/mysqld")
        told = subprocess.run([*program, "--version"], text=True, capture_output=True, check=True).stdout
        return told.partition("Ver ")[2].split()[0]

    def environment(self, user: str = "platform") -> dict[str, str]:
        """The variables by which our processes work on it, with the rights of one of its accounts."""
        ca = str(self.layout.certificates / "ca.pem")
        return {"DATABASE_URL": platform.database_url(self.layout, user), "CA_FILE": ca}

    @property
    def root(self) -> dict[str, str]:
        """The same for whoever may do everything."""
        password = secret(self.layout.secrets, "mysql-root")
        return {"DATABASE_URL": f"mysql://root:{password}@localhost/shop?unix_socket={self.home / 'mysql.sock'}"}

    def password(self, user: str) -> str:
        return secret(self.layout.secrets, f"mysql-{user}")

    def keep(self) -> None:
        """Remember the data as they are; the server must not run."""
        _copy(self.home / "data", self.home / "kept")

    def put_back(self) -> None:
        """Have the data that were kept; the server must not run."""
        _copy(self.home / "kept", self.home / "data")

    def forget(self) -> None:
        """Delete all of it; the server must not run."""
        shutil.rmtree(self.layout.var, ignore_errors=True)


def free_thousands() -> int:
    """The first ports on which no other MySQL listens, be it of a measurement beside this one; raises NoFreePort."""
    for prefix in THOUSANDS:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                probe.bind((HOST, Layout(ROOT, prefix).ports["mysql"]))
                return prefix
    raise NoFreePort(f"MySQL found no free port: others listen on {THOUSANDS[0]}306 to {THOUSANDS[-1]}306 of {HOST}.")


def _copy(source: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    # With the owner, which shutil would not keep.
    subprocess.run(["cp", "--archive", str(source), str(target)], check=True)
