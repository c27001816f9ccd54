"""What a currency of three decimals changes, in a process of its own: forms and columns are made when it starts."""

import os
import subprocess
import sys

import pytest

from native.driving.embedded import ROOT


def test_all_that_is_done_with_amounts_is_done_in_thousandths() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    tests = "tests/reconciliation/thousandths.py"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", tests],
        cwd=ROOT, env=environment | {"CURRENCY": "KWD"}, capture_output=True, text=True, timeout=300,
        check=False,
    )  # fmt: skip
    assert done.returncode == pytest.ExitCode.OK, done.stdout[-10_000:] + done.stderr[-2_000:]
