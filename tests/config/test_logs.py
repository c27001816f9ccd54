import os
import subprocess
import sys

import pytest

from native.driving.embedded import ROOT

FAILING = """
import logging
import django
django.setup()

def log_in(password):
    raise RuntimeError("the account is closed")

try:
    log_in("Tr0ub4dor")
except RuntimeError:
    logging.getLogger("shop").exception("no login")
"""


@pytest.mark.parametrize("form", ["console", "json"])
def test_a_traceback_says_where_it_failed_and_shows_no_variables(form: str) -> None:
    environment = {"DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONPATH": "platform", "LOG_FORMAT": form}
    done = subprocess.run(
        [sys.executable, "-c", FAILING],
        cwd=ROOT, env=os.environ | environment, stderr=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    assert "no login" in done.stderr
    assert "RuntimeError: the account is closed" in done.stderr
    assert "in log_in" in done.stderr
    assert "Tr0ub4dor" not in done.stderr


COMPILING = """
import logging
import django
django.setup()
import numba

numba.njit("int64(int64)")(lambda number: number + 1)
logging.getLogger("shop").debug("compiled")
"""


def test_at_the_finest_level_the_compiler_does_not_drown_what_the_platform_says() -> None:
    environment = {"DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONPATH": "platform", "LOG_LEVEL": "DEBUG"}
    done = subprocess.run(
        [sys.executable, "-c", COMPILING],
        cwd=ROOT, env=os.environ | environment, stderr=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    assert "compiled" in done.stderr
    assert "numba" not in done.stderr
