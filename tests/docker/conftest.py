import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from native.driving.embedded import ROOT
from tests.docker import base_images
from tests.docker.engine import FOLDER, CannotRun, Engine, on_its_network, running_engine, write_client
from tests.docker.running import FILE, RunningComposition

CHOSEN = {"COMPOSE_PROFILES": "logs,exporters", "INDEXED_BY": "run_indexer"}
"""All that can run here: the sink is to be had only from Confluent's own server."""


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """An engine of this session's own, on whose network the tests are."""
    try:
        with running_engine(CHOSEN) as engine, on_its_network(engine):
            yield engine
    except CannotRun as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def stand_ins(engine: Engine) -> list[str]:
    """The images that nothing here builds; says what each is."""
    services = engine.docker("compose", "--file", str(FILE), "config", "--images").split()
    said = base_images.make(engine, {image for image in services if not image.startswith("data-platform")})
    print(*said, sep="\n", flush=True)  # noqa: T201 - what this run does not prove, to be read in its output
    return said


@pytest.fixture(scope="session")
def composition(engine: Engine, stand_ins: list[str]) -> RunningComposition:
    """The whole of compose/docker-compose.yml, as it is, started by `make docker`."""
    write_client(FOLDER / "bin", engine)
    environment = os.environ | CHOSEN | {"PATH": f"{FOLDER / 'bin'}:{os.environ['PATH']}"}
    started = subprocess.run(["make", "docker"], cwd=ROOT, env=environment, check=False)
    assert started.returncode == 0
    return RunningComposition(engine)


@pytest.fixture(scope="session")
def evidence() -> Path:
    """Where to write what the report shows: there if EVIDENCE=1 asks for it, else beside the engine."""
    folder = ROOT / "report" / "evidence" if os.environ.get("EVIDENCE") else FOLDER / "evidence"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
