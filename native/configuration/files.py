"""Files of configuration: who may read them, and whose they are."""

import os
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path

from native.layout import ROOT, Layout

COMPOSE = ROOT / "compose"


def write_secretly(file: Path, text: str) -> None:
    """Write a file that only its owner may read."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_text(text)


def write_env(file: Path, variables: Mapping[str, str]) -> None:
    write_secretly(file, "".join(f"{name}={value}\n" for name, value in variables.items()))


def write_exports(file: Path, variables: Mapping[str, str]) -> None:
    """Write a file that a shell reads with `. FILE`, for its own commands and those that it starts."""
    write_secretly(file, "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items()))


def hand_over(folder: Path, user: str) -> None:
    """Give a folder and all in it to the user whose process works there."""
    if os.geteuid() == 0:
        for each in (folder, *folder.rglob("*")):
            shutil.chown(each, user)


def copy_certificates(layout: Layout, name: str, folder: Path) -> None:
    """A part's own copies of its key and certificate, since its user may not look into the cluster's folder."""
    for file in ("ca.pem", f"{name}.pem", f"{name}.key"):
        shutil.copy(layout.certificates / file, folder)
