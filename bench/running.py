"""Running our own Python to its end, on a database of a measurement."""

import subprocess
import sys
from collections.abc import Mapping

from native.driving.embedded import ROOT, UNLIMITED

SECRET = "of measurements only, where it protects nothing at all"
OURS = UNLIMITED | {
    "SECRET_KEY": SECRET,
    "PYTHONPATH": "platform",
    "DJANGO_SETTINGS_MODULE": "config.settings",
}
"""variables that each of our processes needs"""


class DidNotRun(RuntimeError):
    """A process of ours failed; says how."""


def run(*arguments: str, environment: Mapping[str, str], aloud: bool = False) -> None:
    """Run Python; unless aloud, its output is of interest only if it fails. Raises DidNotRun."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**environment, **OURS},
        text=True,
        stdout=None if aloud else subprocess.PIPE,
        stderr=None if aloud else subprocess.STDOUT,
        check=False,
    )
    if done.returncode:
        said = "" if aloud else f":\n{done.stdout[-3000:]}"
        raise DidNotRun(f"{' '.join(arguments)} ended with {done.returncode}{said}")
