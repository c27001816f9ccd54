"""Programs that make clients from an OpenAPI document, in an environment of their own under var/lib/clients.

Python's are installed by uv, with Node.js among them (no machine needs one of its own), and TypeScript's by its npm;
requirements.txt, package.json and package-lock.json beside this file say which versions. The platform's own
environment has none of it.
"""

import os
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

from native.driving.embedded import ROOT

WANTED = ("requirements.txt", "package.json", "package-lock.json")
HERE = Path(__file__).parent
FOLDER = ROOT / "var" / "lib" / "clients"
PROGRAMS = FOLDER / "python" / "bin"
MODULES = FOLDER / "node_modules"


def install() -> None:
    """Have them as these files want them; a folder that fits stays as it is."""
    mark, wanted = FOLDER / "installed", _fingerprint()
    if mark.exists() and mark.read_text() == wanted:
        return
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    for name in WANTED:
        shutil.copy(HERE / name, FOLDER)
    uv = str(Path(sys.executable).parent / "uv")
    _run(uv, "venv", "--quiet", "--python", sys.executable, "python")
    _run(uv, "pip", "install", "--quiet", "--python", "python", "--requirement", "requirements.txt")
    _run("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel", "error")
    mark.write_text(wanted)


def environment() -> dict[str, str]:
    """In which these programs are the first to be found."""
    return os.environ | {"PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}", "VIRTUAL_ENV": str(PROGRAMS.parent)}


def _fingerprint() -> str:
    return sha256(b"\0".join((HERE / name).read_bytes() for name in WANTED)).hexdigest()


def _run(*command: str) -> None:
    done = subprocess.run(command, cwd=FOLDER, env=environment(), text=True, capture_output=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stdout}{done.stderr}"
