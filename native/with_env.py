"""Run a command with the variables of some files: each process gets the secrets that it needs, and no others.

python -m native.with_env FILE… -- COMMAND…
"""

import os
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path


def variables(files: Iterable[Path]) -> dict[str, str]:
    """NAME=value lines of the files, or `export NAME=value` as a shell quotes it; later ones win."""
    lines = [line for file in files for line in file.read_text().splitlines() if line and not line.startswith("#")]
    return {name: value for name, _, value in (_bare(line).partition("=") for line in lines)}


def _bare(line: str) -> str:
    return shlex.split(line)[1] if line.startswith("export ") else line


def main() -> None:
    end = sys.argv.index("--")
    environment = os.environ | variables(map(Path, sys.argv[1:end]))
    command = sys.argv[end + 1 :]
    os.execvpe(command[0], command, environment)  # noqa: S606 - the supervisor then holds the command itself by its pid


if __name__ == "__main__":
    main()
