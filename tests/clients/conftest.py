import subprocess
from pathlib import Path

import pytest

from native.driving.embedded import ROOT
from tests.clients import generators
from tests.examples import Example, examples
from tests.served import Served

DOCUMENT = ROOT / "docs" / "clients.md"
TSC = "npx tsc --noEmit --strict --module nodenext --allowImportingTsExtensions"


class Workshop:
    """A folder in which somebody makes clients of the API and uses them."""

    def __init__(self, folder: Path, api: Served) -> None:
        self.folder = folder
        self.environment = api.environment | {"PATH": generators.environment()["PATH"]}
        self.environment["PYTHONPATH"] = str(folder)
        (folder / "node_modules").symlink_to(generators.MODULES)

    def run(self, *command: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        environment = self.environment | variables
        return subprocess.run(
            command, cwd=self.folder, env=environment, text=True, capture_output=True, timeout=600, check=False
        )

    def does(self, example: Example) -> str:
        """What the example prints; fails with what it complained of, if it ended badly."""
        if example.language == "typescript":
            (self.folder / "shop.mts").write_text(example.source)
        done = self.run("bash", "-euo", "pipefail", "-c", COMMANDS[example.language], "bash", example.source)
        assert done.returncode == 0, f"line {example.line}: {done.stdout}{done.stderr}"
        return done.stdout

    def compiles(self, *sources: str) -> list[list[str]]:
        """What tsc finds wrong with each of these programs, which use the client."""
        names = [f"tried-{number}.mts" for number in range(len(sources))]
        for name, source in zip(names, sources, strict=True):
            (self.folder / name).write_text(source)
        found = self.run(*TSC.split(), *names).stdout.splitlines()
        return [[line for line in found if line.startswith(f"{name}(")] for name in names]


COMMANDS = {"sh": 'eval "$1"', "python": 'python -c "$1"', "typescript": f"{TSC} shop.mts && node shop.mts"}


@pytest.fixture(scope="session", autouse=True)
def _programs() -> None:
    generators.install()


@pytest.fixture(scope="module")
def workshop(served_api: Served, tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    return Workshop(tmp_path_factory.mktemp("workshop"), served_api)


@pytest.fixture(scope="module")
def done(workshop: Workshop) -> list[tuple[Example, str]]:
    """Each example of the document, done in its order, with what it printed; the clients are there afterwards."""
    return [(example, workshop.does(example)) for example in examples(DOCUMENT.read_text())]
