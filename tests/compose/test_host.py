import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from compose.docker import host

ENOUGH: dict[str, Any] = {
    "engine": "28.5.2",
    "compose": "2.40.3-3",
    "available": 6_000_000_000,
    "free": 40_000_000_000,
    "built": False,
}


def test_a_machine_that_can_is_told_nothing() -> None:
    assert host.troubles(**ENOUGH) == []


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        ({"engine": "20.10.24+dfsg1"}, "Docker Engine is 20.10.24+dfsg1, and 25.0 or later is needed."),
        ({"engine": "24.0.9"}, "Docker Engine is 24.0.9, and 25.0 or later is needed."),
        ({"engine": ""}, "Docker Engine is missing, and 25.0 or later is needed."),
        ({"compose": "1.29.2"}, "Docker Compose is 1.29.2, and 2.24 or later is needed."),
        ({"compose": "v2.9.0"}, "Docker Compose is v2.9.0, and 2.24 or later is needed."),
        ({"available": 2_500_000_000}, "2.5 GB of memory available to Docker, and 4 GB are needed: "),
        ({"free": 3_000_000_000}, "3.0 GB of disk free where Docker keeps its images, and 12 GB are needed: "),
        (
            {"free": 1_000_000_000, "built": True},
            "1.0 GB of disk free where Docker keeps its images, and 2 GB are needed: ",
        ),
    ],
)
def test_each_thing_that_stands_in_the_way_is_a_sentence(found: dict[str, Any], sentence: str) -> None:
    (told,) = host.troubles(**ENOUGH | found)
    assert told.startswith(sentence)
    assert told.endswith(".")


@pytest.mark.parametrize("version", ["25.0.0", "25.0", "27.3.1-rd", "v28.2.2", "100.0"])
def test_a_version_is_read_as_numbers(version: str) -> None:
    assert host.troubles(**ENOUGH | {"engine": version}) == []


def test_all_that_is_wrong_is_said_at_once() -> None:
    wrong = {"engine": "20.10", "compose": "2.1", "available": 0, "free": 0}
    assert len(host.troubles(**ENOUGH | wrong)) == 4


def test_images_that_are_there_need_no_room_any_more() -> None:
    assert host.troubles(**ENOUGH | {"free": 3_000_000_000, "built": True}) == []


def test_available_memory_is_what_the_kernel_says() -> None:
    meminfo = "MemTotal:       24682752 kB\nMemFree:        19028000 kB\nMemAvailable:   23534000 kB\nSwapTotal: 0 kB\n"
    assert host.available_memory(meminfo) == 23_534_000 * 1024


def test_ports_are_named_with_the_variable_that_moves_them() -> None:
    config = {
        "services": {
            "api": {"ports": [{"host_ip": "127.0.0.1", "published": "8000", "target": 8000}]},
            "kafka-1": {"ports": [{"published": "9091", "target": 9091}]},
            "redis": {},
            "indexer": {"scale": 0, "ports": [{"published": "9100", "target": 9100}]},
        }
    }
    assert list(host.published(config)) == ["127.0.0.1:8000 API_PORT", "0.0.0.0:9091 KAFKA_1_PORT"]


def service(name: str, state: str, health: str = "", code: int = 0) -> str:
    return json.dumps({"Service": name, "State": state, "Health": health, "ExitCode": code})


def test_only_what_is_itself_unwell_is_named() -> None:
    listed = "\n".join(
        [
            service("kafka-1", "running", "healthy"),
            service("topics", "exited"),
            service("celery-beat", "running"),
            service("migrate", "exited", code=1),
            service("mysql", "running", "unhealthy"),
            service("connect", "running", "starting"),
            service("registry", "restarting", code=1),
            # It waits for the others.
            service("api", "created"),
            "",
        ]
    )
    assert list(host.unwell(listed)) == [
        "migrate ended with 1",
        "mysql unhealthy",
        "connect starting",
        "registry restarting",
    ]


def test_it_runs_by_itself_as_the_text_of_a_command() -> None:
    """In a container that has Python and nothing of ours."""
    text = Path(host.__file__).read_text()
    accounts = {"shop": {"password": "of-the-shop", "token": "t", "sees": "transactions"}}
    command = [sys.executable, "-I", "-S", "-c", text]
    ran = subprocess.run([*command, "logins"], input=json.dumps(accounts), text=True, capture_output=True, check=True)
    assert ran.stdout.split() == ["shop", "of-the-shop", "transactions"]
    refused = subprocess.run([*command, "machine", "20.10", "2.40"], text=True, capture_output=True, check=False)
    assert refused.returncode == 1
    assert "Docker Engine is 20.10, and 25.0 or later is needed." in refused.stderr
