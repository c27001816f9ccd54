"""Asking a server as fast as it answers, by wrk, and what came of it."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench.api.kinds import Kind
from native.layout import ROOT
from native.packages import debian
from native.packages.fetching import WRK_PACKAGES

SCRIPTS = ROOT / "bench" / "wrk"
UNPACKED = ROOT / "var" / "lib" / "wrk"
TIMEOUT_SECONDS = 60


class Failed(RuntimeError):
    """A server did not answer every request as it should."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What wrk counted."""

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    max_ms: float


def command() -> list[str]:
    """How wrk is called: the machine's own, or Debian's unpacked beside it; raises NotInstalled."""
    if own := shutil.which("wrk"):
        return [own]
    if not shutil.which("apt-get"):
        raise debian.NotInstalled("wrk asks the servers, and is not on this machine: install it, or run on Debian.")
    UNPACKED.parent.mkdir(parents=True, exist_ok=True)
    debian.unpack(WRK_PACKAGES, UNPACKED)
    return debian.command_of(UNPACKED, "usr/bin/wrk")


def version() -> str:
    """As it tells it, in a line that begins with its name."""
    told = subprocess.run([*command(), "--version"], text=True, capture_output=True, check=False)
    return (told.stdout + told.stderr).split()[1]


def ask(url: str, kind: Kind, token: str, paths: Path, seconds: float) -> Answered:
    """Ask for so many seconds; raises Failed if one answer was none, or is of an error.

    paths: the folder with files of addresses.
    """
    variables = {"TOKEN": token, "COMMON": str(SCRIPTS / "common.lua"), "PATHS": str(paths / kind.paths)}
    options = [
        "--threads",
        "1",
        "--connections",
        str(kind.connections),
        "--duration",
        f"{max(2, round(seconds))}s",
    ]
    done = subprocess.run(
        [*command(), *options, "--timeout", f"{TIMEOUT_SECONDS}s", "--script", str(SCRIPTS / kind.script), url],
        env=os.environ | variables | kind.variables, text=True, capture_output=True, check=False,
    )  # fmt: skip
    return read(done.stdout + done.stderr, kind)


def read(output: str, kind: Kind) -> Answered:
    """What wrk says; raises Failed."""
    lines = [line for line in output.splitlines() if line.startswith("{")]
    if not lines:
        raise Failed(f"{kind.title}: wrk says\n{output[-1000:]}")
    told = json.loads(lines[-1])
    if errors := told.pop("errors"):
        raise Failed(f"{kind.title}: {errors} of {told['requests']} requests were not answered as they should.")
    return Answered(**told)
