"""A management command against the platform that runs here: a demo, or a cluster.

python -m native.command [--name FOLDER] COMMAND…
"""

import argparse
import os
import sys
from pathlib import Path

from native import inherited
from native.occupancy import is_occupied
from native.supervision import ROOT
from native.with_env import variables
from streaming.topology import WORKERS

ACCOUNTS = {worker.command: worker.name for worker in WORKERS} | {
    "create_topics": "deployer",
    "deploy_connectors": "deployer",
    # As who reads what is in the topics and sends what is missing there.
    "heal_connectors": "redrive",
    "reconcile": "reconciler",
    "redrive": "redrive",
    "run_producer": "producer",
}
"""As whom a command logs in to a cluster's Kafka; all others look only, as `monitor`."""
BY_MIGRATOR = frozenset({"migrate", "forget_audit_lines"})
"""Commands that need more of a cluster's MySQL than the platform may."""


class NotClear(RuntimeError):
    """Nothing runs here, or several things do; says what to do."""


def running(var: Path) -> list[str]:
    """The folders in which a platform runs that can be joined, by name."""
    names = (lock.stem for lock in sorted(var.glob("*.lock")) if is_occupied(lock))
    return [name for name in names if files_of(var, name, "")]


def files_of(var: Path, name: str, command: str) -> list[Path]:
    """The files of variables with which a command joins what runs in a folder; none if it does not run yet."""
    secrets = var / name / "secrets"
    if (secrets / "platform.env").exists():
        also = [secrets / "migrator.env"] if command in BY_MIGRATOR else []
        return [secrets / "platform.env", secrets / f"kafka-{ACCOUNTS.get(command, 'monitor')}.env", *also]
    return [file] if (file := var / f"{name}.env").exists() else []


def choose(names: list[str], name: str | None) -> str:
    """The one that is meant; raises NotClear."""
    if name is None and len(names) > 1:
        raise NotClear(f"Several run here, {' and '.join(names)}. Say which: make manage NAME={names[0]} ARGS=…")
    if name is not None and name not in names:
        raise NotClear(f"{name} does not run here; what does: {', '.join(names) or 'nothing'}.")
    if not names:
        raise NotClear("Nothing runs here: `make demo` or `make cluster` first.")
    return name or names[0]


def main() -> None:
    parser = argparse.ArgumentParser("python -m native.command", description="Run a management command.")
    parser.add_argument("--name", help="the folder under var of the platform that is meant, where several run")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="as after manage.py")
    options = parser.parse_args()
    var = ROOT / "var"
    try:
        name = choose(running(var), options.name)
    except NotClear as reason:
        sys.exit(str(reason))
    joining = variables(files_of(var, name, (options.command or [""])[0]))
    os.chdir(ROOT)
    # Not under a shell: the command is this process, with its terminal and its signals.
    os.execve(sys.executable, [sys.executable, "manage.py", *options.command], inherited.environment() | joining)  # noqa: S606


if __name__ == "__main__":
    main()
