"""Docker Compose from Debian's unstable release, for machines without Docker: `docker-compose config` needs no engine.

python -m compose.docker.compose_cli        unpack it into var/lib/docker-compose, unless it is there
"""

import shlex
import sys
from pathlib import Path

from native.layout import ROOT
from native.packages import debian
from native.packages.fetching import COMPOSE_PACKAGES

FOLDER = ROOT / "var" / "lib" / "docker-compose"
PROGRAM = FOLDER / "docker-compose"


def unpack() -> Path:
    """The program, unpacked if it is not there yet; raises NotInstalled."""
    FOLDER.parent.mkdir(parents=True, exist_ok=True)
    debian.unpack(COMPOSE_PACKAGES, FOLDER)
    command = shlex.join(debian.command_of(FOLDER, "usr/bin/docker-compose"))
    PROGRAM.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
    PROGRAM.chmod(0o755)
    return PROGRAM


if __name__ == "__main__":
    sys.stdout.write(f"{unpack()}\n")
