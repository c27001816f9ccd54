import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from native.driving.embedded import ROOT

SETTINGS = ROOT / "platform" / "config" / "settings.py"
READERS = [SETTINGS, ROOT / "platform" / "config" / "env.py"]
ENV_FILES = sorted((ROOT / "compose").glob("*.env"))


def settings_read() -> set[str]:
    """The names of every setting(…) call."""
    calls = [node for file in READERS for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)]
    named = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "setting"]
    return {argument.value for call in named if isinstance(argument := call.args[0], ast.Constant)}  # type: ignore[misc]


def keys(file: Path) -> set[str]:
    return set(re.findall(r"^([A-Z_]+)=", file.read_text(), flags=re.MULTILINE))


def test_every_setting_is_documented() -> None:
    documented = set(re.findall(r"^\| `([A-Z_]+)…?` ", (ROOT / "docs" / "settings.md").read_text(), flags=re.MULTILINE))
    assert documented == settings_read() | {"PLATFORM_ENV", "SECRET_KEY", "SECRET_KEY_FILE", "KAFKA_"}


@pytest.mark.parametrize("file", ENV_FILES, ids=lambda file: file.name)
def test_an_env_file_sets_everything_that_is_read(file: Path) -> None:
    assert {key for key in keys(file) if not key.startswith("KAFKA_")} == settings_read() | {"SECRET_KEY_FILE"}
    assert "KAFKA_BOOTSTRAP_SERVERS" in keys(file)


def started_with(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("HTTPS", "yes", "HTTPS='yes' is not on or off."),
        ("FRAUD_AMOUNT_LIMIT", "ten million", "is not an amount from 0 on, such as 10000000."),
        ("FRAUD_AMOUNT_LIMIT", "NaN", "is not an amount from 0 on"),
        (
            "CURRENCY",
            "CLF",
            "CURRENCY='CLF' is not the ISO 4217 code of a currency of at most three decimals",
        ),
        ("CURRENCY", "XAU", "such as EUR, JPY or KWD. Set it in the environment"),
        ("CURRENCY", "eur", "such as EUR, JPY or KWD"),
        ("TOPIC_PARTITIONS", "0", "TOPIC_PARTITIONS='0' is not a whole number of partitions from 1 on."),
        ("DATABASE_URL", "oracle", "DATABASE_URL='oracle' is not a URL such as sqlite:///"),
        ("LOG_LEVEL", "LOUD", "is not DEBUG, INFO, WARNING or ERROR."),
        ("SCHEMA_IDS", "guessed", "SCHEMA_IDS='guessed' is not `fingerprints`"),
        ("RATE_WRITES_PER_ACCOUNT", "0/minute", "is not a number of requests and a time, such as 6000/minute"),
        ("RATE_LOGINS_PER_ADDRESS", "ten a minute", "or off."),
        ("RATES_COUNTED_IN", "redis://host:port/1", "is not memory, or a URL of Redis such as redis://host:6379/1."),
        ("WORKER_NICENESS", "20", "is not a whole number from 0 to 19."),
        ("WORKER_NICENESS", "-1", "is not a whole number from 0 to 19."),
        ("SECRET_KEY_FILE", "var/no-such-file", "or set SECRET_KEY."),
        ("PLATFORM_ENV", "compose/no-such.env", "which is no file. Set it to compose/embedded.env"),
    ],
)
def test_a_bad_setting_stops_the_start_with_a_sentence(name: str, value: str, sentence: str) -> None:
    environment = {"SECRET_KEY": "" if name == "SECRET_KEY_FILE" else "of a test"} | {name: value}
    done = started_with(**environment)
    assert done.returncode != 0
    assert sentence in done.stderr.splitlines()[-1]
