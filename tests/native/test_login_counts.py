"""What mtail makes of the lines that brokers write of logins (compose/kafka/authentication.btm)."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from native.driving.embedded import ROOT
from native.packages import debian

PROGRAM = ROOT / "compose" / "kafka" / "authentication.mtail"
UNPACKED = ROOT / "var" / "lib" / "monitoring"
Login = tuple[str, str, str, str]
"""outcome, principal, address, reason"""


@pytest.fixture(scope="module")
def mtail() -> list[str]:
    """The command: Debian's on this machine, or the one that the cluster unpacks beside it."""
    if (UNPACKED / "usr" / "bin" / "mtail").exists():
        return debian.command_of(UNPACKED, "usr/bin/mtail")
    if installed := shutil.which("mtail"):
        return [installed]
    pytest.skip("no mtail: install Debian's package of this name")


def line(outcome: str, principal: str, reason: str = "", address: str = "127.0.0.1") -> str:
    return (
        f'{{"time":"2026-11-22T18:08:39.521Z","outcome":"{outcome}","principal":"{principal}",'
        f'"address":"{address}","mechanism":"SCRAM-SHA-512","reason":"{reason}"}}\n'
    )


def counted(mtail: list[str], folder: Path, *lines: str) -> dict[Login, int]:
    (folder / "authentication-1.log").write_text("".join(lines))
    logs = ["--logs", str(folder / "authentication-*.log"), "--logtostderr"]
    done = subprocess.run(
        [*mtail, "--one_shot", "--one_shot_format=json", "--progs", str(PROGRAM), *logs],
        text=True, capture_output=True, check=True,
    )  # fmt: skip
    (metric,) = json.loads(done.stdout)["kafka_authentication_log_lines_total"]
    assert metric["Keys"] == ["outcome", "principal", "address", "reason"]
    return {tuple(each["Labels"]): each["Value"]["Value"] for each in metric.get("LabelValues") or ()}


def test_logins_are_counted_by_who_from_where_and_why_not(mtail: list[str], tmp_path: Path) -> None:
    wrong = "Invalid client credentials"
    assert counted(
        mtail,
        tmp_path,
        line("succeeded", "fraud"),
        line("failed", "fraud", wrong),
        line("failed", "fraud", wrong),
        line("failed", "fraud", wrong, address="10.0.0.7"),
        line("failed", "nobody", "Authentication failed: Invalid user credentials"),
    ) == {
        ("succeeded", "fraud", "127.0.0.1", ""): 1,
        ("failed", "fraud", "127.0.0.1", wrong): 2,
        ("failed", "fraud", "10.0.0.7", wrong): 1,
        ("failed", "nobody", "127.0.0.1", "Authentication failed: Invalid user credentials"): 1,
    }


def test_mechanisms_that_anybody_can_make_up_make_no_series_of_their_own(mtail: list[str], tmp_path: Path) -> None:
    made_up = [line("failed", "", f"Unsupported SASL mechanism M-{number}") for number in range(3)]
    assert counted(mtail, tmp_path, *made_up) == {("failed", "", "127.0.0.1", "Unsupported SASL mechanism"): 3}


def test_names_that_anybody_can_make_up_do_not_fill_the_memory() -> None:
    (limit,) = re.findall(r"\blimit (\d+)$", PROGRAM.read_text(), re.MULTILINE)
    assert int(limit) <= 500


def test_other_lines_are_not_counted(mtail: list[str], tmp_path: Path) -> None:
    assert counted(mtail, tmp_path, "log4j:WARN something else\n") == {}


def test_brokers_write_the_fields_that_are_counted() -> None:
    rule = (ROOT / "compose" / "kafka" / "authentication.btm").read_text()
    read = re.findall(r'"(\w+)":"', PROGRAM.read_text())
    assert re.findall(r'\\"(\w+)\\":\\"', rule) == read
