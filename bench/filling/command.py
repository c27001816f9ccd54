"""Making the tables of a database and filling them, by processes of their own."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from bench.running import run


def fill(root: Mapping[str, str], volumes: Mapping[str, int | str], accounts: Path) -> None:
    """Make tables, demo accounts and rows, the last in view.

    root: the variables by which whoever may do everything gets in. volumes: by the options of bench.filling. accounts:
    the file that the accounts' tokens are written to.
    """
    environment = {**os.environ, **root}
    run("manage.py", "migrate", "--verbosity", "0", environment=environment)
    run("manage.py", "make_demo_accounts", "--write", str(accounts), environment=environment)
    options = [word for name, value in volumes.items() for word in (f"--{name}", str(value))]
    run("-m", "bench.filling", *options, environment=environment, aloud=True)


def tokens_in(accounts: Path) -> dict[str, str]:
    """By account, of a file that fill() has written."""
    return {name: login["token"] for name, login in json.loads(accounts.read_text()).items()}
