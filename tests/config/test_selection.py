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
from _pytest.mark.expression import Expression

from native.driving.embedded import ROOT

OPTIONS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
MARKERS = {marker.partition(":")[0] for marker in OPTIONS["markers"]}
BY_DEFAULT = shlex.split(OPTIONS["addopts"])[-1]
"""which tests pytest runs that is not told"""
ONLY_WHEN_ASKED_FOR = set(re.findall(r"not (\w+)", BY_DEFAULT))
OF_ITS_PARTS = ("", "broker", "browser")
"""what conftest.py marks a test by, beside the marker of its file"""
TEST_FILES = sorted((ROOT / "tests").rglob("test_*.py"))
BY_HAND = {"tests/cluster/test_alerts.py": "breaks things for seven minutes: make drill"}


@dataclass(frozen=True)
class Command:
    """A call of pytest. markers: those of the tests that it runs, in pytest's words; paths and ignored: from here."""

    markers: str
    paths: tuple[str, ...]
    ignored: str

    def takes(self, *markers: str) -> bool:
        return Expression.compile(self.markers).evaluate(lambda name, /, **_: name in markers)

    def runs(self, file: Path, part: str) -> bool:
        """Whether it runs those of a file's tests that use this part."""
        name = str(file.relative_to(ROOT))
        is_meant = not self.paths or name.startswith(self.paths)
        return is_meant and name != self.ignored and self.takes(marker_of(file), part)


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
    return Command(options.get("-m", BY_DEFAULT), paths, ignored)


def test_every_marker_is_selected_by_default_or_by_a_command_of_ci() -> None:
    assert ONLY_WHEN_ASKED_FOR <= MARKERS
    assert [marker for marker in MARKERS if not any(command.takes(marker) for command in commands())] == []


@pytest.mark.parametrize("file", TEST_FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_one_command_of_ci_runs_it_whatever_parts_it_uses(file: Path) -> None:
    by_hand = str(file.relative_to(ROOT)) in BY_HAND
    times = [sum(command.runs(file, part) for command in commands()) for part in OF_ITS_PARTS]
    assert times == [0 if by_hand else 1] * len(OF_ITS_PARTS)
