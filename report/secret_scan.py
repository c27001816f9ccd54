"""What must not be published: passwords, tokens, keys, and where things lie on this machine."""

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path

from native.layout import ROOT, Layout

SHORTEST = 8
"""Shorter words are no secrets, and stand anywhere."""
KEYS = "PRIVATE KEY-----"


def leaks(folder: Path, layout: Layout) -> list[str]:
    """Where a file says what it must not, without the secret itself; empty if none does."""
    names = secrets(layout) | {str(ROOT): "the project's folder", str(Path.home()) + "/": "the home folder"}
    names |= {KEYS: "a private key"}
    if len(socket.gethostname()) >= SHORTEST:
        names |= {socket.gethostname(): "the machine's name"}
    files = [file for file in sorted(folder.rglob("*")) if file.is_file()]
    return [
        f"{file.relative_to(folder)} gives away {what}"
        for file in files
        for secret, what in names.items()
        if secret.encode() in file.read_bytes()
    ]


def secrets(layout: Layout) -> dict[str, str]:
    """Each secret of a cluster, and the name of its file."""
    return {
        word: f"what {file.name} keeps secret"
        for file in sorted(layout.secrets.iterdir())
        for word in words(file)
        if len(word) >= SHORTEST
    }


def words(file: Path) -> Iterator[str]:
    text = file.read_text()
    if file.suffix == ".json":
        for login in json.loads(text).values():
            yield from (login["password"], login["token"])
    elif file.suffix in {".env", ".cnf"}:
        lines = re.findall(r"^[\w.]*(?:password|secret|token)[\w.]*\s*=\s*(\S+)", text, re.MULTILINE | re.IGNORECASE)
        yield from (line.strip("'\"") for line in lines)
        yield from re.findall(r"://[^:/\s]*:([^@\s]+)@", text)
    else:
        yield text.strip()
