"""Every test is run by something that .ci/run calls."""

import re
import shlex
import subprocess
import tomllib
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from native.driving.embedded import ROOT

OPTIONS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
MARKERS = {marker.partition(":")[0] for marker in OPTIONS["markers"]}
ONLY_WHEN_ASKED_FOR = set(re.findall(r"not (\w+)", OPTIONS["addopts"]))
TEST_FILES = sorted((ROOT / "tests").rglob("test_*.py"))
BY_HAND = {"tests/cluster/test_alerts.py": "breaks things for seven minutes: make drill"}


@dataclass(frozen=True)
class Command:
    """A call of pytest. marker: what it asks for, or nothing; paths and ignored: from the project's root."""

    marker: str
    paths: tuple[str, ...]
    ignored: str

    def runs(self, file: Path) -> bool:
        name = str(file.relative_to(ROOT))
        is_meant = not self.paths or name.startswith(self.paths)
        return is_meant and name != self.ignored and marker_of(file) == self.marker


def marker_of(file: Path) -> str:
    """The marker without which a file's tests are not run, which it has of itself or of its folder."""
    text = file.read_text() + "".join(each.read_text() for each in file.parent.glob("conftest.py"))
    asked_for = ONLY_WHEN_ASKED_FOR & set(re.findall(r"pytest\.mark\.(\w+)", text))
    return asked_for.pop() if asked_for else ""


@cache
def commands() -> list[Command]:
    """What .ci/run calls, by itself or by way of make."""
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    targets = [target for line in lines for target in re.findall(r"^\s*make (\S+)", line)]
    recipes = subprocess.run(["make", "--dry-run", *targets], cwd=ROOT, capture_output=True, text=True, check=True)
    called = [*lines, *recipes.stdout.splitlines()]
    return [_command(line) for line in called if re.search(r"^(\w+=\S+ )?\.venv/bin/pytest ", line)]


def _command(line: str) -> Command:
    words = shlex.split(line.partition(" 2>")[0])
    options = dict(pairwise(words))
    ignored = options.get("--ignore", "")
    paths = tuple(word for word in words if word.startswith("tests/") and word != ignored)
    return Command(options.get("-m", ""), paths, ignored)


def test_every_marker_is_selected_by_default_or_by_a_command_of_ci() -> None:
    assert ONLY_WHEN_ASKED_FOR <= MARKERS
    assert {command.marker for command in commands()} >= ONLY_WHEN_ASKED_FOR


@pytest.mark.parametrize("file", TEST_FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_command_of_ci_runs_it(file: Path) -> None:
    by_hand = str(file.relative_to(ROOT)) in BY_HAND
    assert by_hand != any(command.runs(file) for command in commands())
