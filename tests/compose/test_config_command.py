"""Docker Compose itself reads the file. DOCKER_COMPOSE names the program; compose/docker/compose_cli.py has one."""

import json
import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from compose.docker.compose_cli import PROGRAM
from streaming.carriers import IndexedBy, OutboxCarriedBy
from tests.compose.composition import COMPOSE, FILE

EVERYTHING = ["--profile", "*"]


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


def config(docker_compose: list[str], file: Path, *how: str, **variables: str) -> subprocess.CompletedProcess[str]:
    arguments = ["--file", str(file), "--project-directory", str(COMPOSE), *EVERYTHING, "config", *(how or ["--quiet"])]
    # What somebody has set for their own platform is nothing to this one.
    environment = {"PATH": os.environ["PATH"], "COMPOSE_ENV_FILES": os.devnull} | variables
    return subprocess.run([*docker_compose, *arguments], env=environment, text=True, capture_output=True, check=False)


def services(docker_compose: list[str], **variables: str) -> dict[str, Any]:
    read = config(docker_compose, FILE, "--format", "json", **variables)
    assert read.returncode == 0, read.stderr
    return dict(json.loads(read.stdout)["services"])


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


@pytest.mark.parametrize("indexed_by", IndexedBy)
@pytest.mark.parametrize("carried_by", OutboxCarriedBy)
def test_what_runs_and_what_processes_are_told_cannot_disagree(
    docker_compose: list[str], indexed_by: IndexedBy, carried_by: OutboxCarriedBy
) -> None:
    read = services(docker_compose, INDEXED_BY=indexed_by.value, OUTBOX_CARRIED_BY=carried_by.value)
    told = {
        (service["environment"]["INDEXED_BY"], service["environment"]["OUTBOX_CARRIED_BY"])
        for service in read.values()
        if "INDEXED_BY" in service.get("environment", {})
    }
    assert told == {(indexed_by.value, carried_by.value)}
    assert read["indexer"]["scale"] == int(indexed_by == IndexedBy.RUN_INDEXER)
    assert read["relay"]["scale"] == int(carried_by == OutboxCarriedBy.RUN_RELAY)
    assert read["connect"]["build"]["args"]["INDEXED_BY"] == indexed_by.value


@pytest.mark.parametrize(
    "wrong", [{"INDEXED_BY": "run_indexr"}, {"OUTBOX_CARRIED_BY": "debezium"}, {"REGISTRY": "karapace"}]
)
def test_a_choice_that_there_is_not_stops_the_start(docker_compose: list[str], wrong: dict[str, str]) -> None:
    (value,) = wrong.values()
    read = config(docker_compose, FILE, **wrong)
    assert read.returncode != 0
    assert value in read.stderr


@pytest.mark.parametrize("registry", ["apicurio", "confluent"])
def test_either_registry_is_a_whole_service(docker_compose: list[str], registry: str) -> None:
    read = services(docker_compose, REGISTRY=registry)
    assert "curl" in read["registry"]["healthcheck"]["test"]
    assert read["registry"]["mem_limit"]
    told = {
        service["environment"]["SCHEMA_IDS"]
        for service in read.values()
        if "PLATFORM_ENV" in service.get("environment", {})
    }
    assert told == {"registry:http://registry:8081" + ("/apis/ccompat/v7" if registry == "apicurio" else "")}


def test_every_port_is_a_file_more(docker_compose: list[str]) -> None:
    arguments = ["--file", str(FILE), "--file", str(COMPOSE / "docker" / "all-ports.yml"), "config", "--format", "json"]
    read = subprocess.run([*docker_compose, *arguments], text=True, capture_output=True, check=True)
    published = {name for name, service in json.loads(read.stdout)["services"].items() if "ports" in service}
    assert published >= {
        "api",
        "grafana",
        "mysql",
        "prometheus",
        "connect",
        "registry",
        "elasticsearch",
        "alertmanager",
    }
