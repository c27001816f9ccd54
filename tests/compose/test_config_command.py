"""Docker Compose itself reads the file. DOCKER_COMPOSE names the program; compose/docker/compose_cli.py has one."""

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from compose.docker.compose_cli import PROGRAM
from tests.compose.composition import COMPOSE, FILE

PROFILES = ["--profile", "indexer", "--profile", "relay"]


@pytest.fixture(scope="module")
def docker_compose() -> list[str]:
    """The command; whoever names one wants it to work, otherwise the tests are skipped where there is none."""
    if named := os.environ.get("DOCKER_COMPOSE"):
        return shlex.split(named)
    if PROGRAM.exists():
        return [str(PROGRAM)]
    plugin = ["docker", "compose"]
    if (
        shutil.which("docker")
        and subprocess.run([*plugin, "version"], capture_output=True, check=False).returncode == 0
    ):
        return plugin
    pytest.skip("no Docker Compose: `python -m compose.docker.compose_cli` unpacks it, or set DOCKER_COMPOSE")


def config(docker_compose: list[str], file: Path) -> subprocess.CompletedProcess[str]:
    arguments = ["--file", str(file), "--project-directory", str(COMPOSE), *PROFILES, "config", "--quiet"]
    return subprocess.run([*docker_compose, *arguments], text=True, capture_output=True, check=False)


def test_docker_compose_accepts_the_file_without_a_warning(docker_compose: list[str]) -> None:
    read = config(docker_compose, FILE)
    assert (read.returncode, read.stdout, read.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("right", "wrong", "complaint"),
    [
        ("mem_limit: 256m", "mem_limits: 256m", "mem_limits"),
        ("mem_limit: 256m", "mem_limit: plenty", "plenty"),
        ("zookeeper-1: {condition: service_healthy}", "zookeper-1: {condition: service_healthy}", "zookeper-1"),
        ("secrets: [zookeeper.jaas]", "secrets: [zookeeper.jass]", "zookeeper.jass"),
        ("- redis:/data", "- rediss:/data", "rediss"),
        ("networks: [coordination, platform]", "networks: [co-ordination, platform]", "co-ordination"),
        ("condition: service_healthy", "condition: service_wealthy", "condition"),
        ("<<: *zookeeper\n", "<<: *zookeper\n", "zookeper"),
    ],
)
def test_docker_compose_refuses_a_broken_file(
    docker_compose: list[str], tmp_path: Path, right: str, wrong: str, complaint: str
) -> None:
    text = FILE.read_text()
    assert right in text
    broken = tmp_path / "docker-compose.yml"
    broken.write_text(text.replace(right, wrong, 1))
    read = config(docker_compose, broken)
    assert read.returncode != 0
    assert complaint in read.stderr
