"""One run at a time in a folder: a lock that the kernel frees when its last holder ends, however it ends."""

import fcntl
import json
import os
from pathlib import Path
from typing import IO

import psutil


class Occupied(RuntimeError):
    """Somebody runs in this folder; says who, where it is reached, and how to end it."""


def occupy(folder: Path, address: str) -> IO[str]:
    """Take the lock of a folder, beside it, and say who holds it; raises Occupied.

    Whoever is given the file holds the lock too, and longer than us. Beside the folder, since folders are emptied.
    """
    file = folder.with_name(f"{folder.name}.lock")
    file.parent.mkdir(parents=True, exist_ok=True)
    lock = file.open("a+", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        with lock:
            raise Occupied(_who_is_there(folder, lock)) from None
    note(lock, starter=os.getpid(), address=address)
    return lock


def is_occupied(lock: Path) -> bool:
    """Whether somebody holds this lock file."""
    with lock.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def note(lock: IO[str], **facts: object) -> None:
    """Write down something more about who holds the lock."""
    lock.seek(0)
    known = json.loads(lock.read() or "{}") if "starter" not in facts else {}
    lock.truncate(0)
    lock.write(json.dumps(known | facts) + "\n")
    lock.flush()


def _who_is_there(folder: Path, lock: IO[str]) -> str:
    lock.seek(0)
    try:
        known = json.loads(lock.read())
    except ValueError:
        return f"Somebody has just begun to run in {folder}: wait, or end that first."
    pid = next(
        (known[who] for who in ("starter", "supervisord") if who in known and psutil.pid_exists(known[who])), "?"
    )
    return f"The platform runs in {folder} already: process {pid}, {known['address']}. End that first: `kill {pid}`."
