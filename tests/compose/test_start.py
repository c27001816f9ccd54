"""`make docker` with a `docker` that answers as it is told: what is asked of it, in which order, and what is said."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from native.driving.embedded import ROOT

# The commands that Docker would run are written down; `run … python -c` is carried out here, as a container would.
DOCKER = r"""
import json, os, subprocess, sys
from pathlib import Path
told = json.loads(Path(os.environ["TOLD"]).read_text())
command = " ".join(word for word in sys.argv[1:] if "\n" not in word)
with Path(os.environ["ASKED"]).open("a") as asked:
    asked.write(command + "\n")
if " python -c " in f" {command} ":
    text = sys.argv[sys.argv.index("-c") + 1].replace("/proc/meminfo", os.environ["MEMINFO"])
    sys.exit(subprocess.run([sys.executable, "-c", text, *sys.argv[sys.argv.index("-c") + 2:]]).returncode)
for beginning, (code, text) in told.items():
    if command.startswith(beginning):
        sys.stdout.write(text)
        sys.exit(code)
"""
Told = dict[str, tuple[int, str]]
"""How a command that begins so ends, and what it prints; the first that fits."""
CONFIG = json.dumps({"services": {"api": {"ports": [{"host_ip": "127.0.0.1", "published": "8000", "target": 8000}]}}})
WELL: Told = {
    "version": (0, "28.5.2\n"),
    "compose version": (0, "2.40.3\n"),
    "image ls": (0, "0123\n"),
    "compose config": (0, CONFIG),
    "compose port api": (0, "127.0.0.1:8000\n"),
    "compose port grafana": (0, "127.0.0.1:3000\n"),
    "compose run --rm --no-deps -T api": (0, json.dumps({"shop": {"password": "secret", "sees": "all"}})),
}


@dataclass
class Ran:
    code: int
    said: str
    asked: list[str]


Start = Callable[..., Ran]


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """Runs the script of a copy of the files that it names."""
    for name in ("compose/docker/start.sh", "compose/docker/host.py", "compose/platform/Dockerfile"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    (tmp_path / "compose" / "secrets").mkdir()
    programs = tmp_path / "bin"
    programs.mkdir()

    def run(told: Told, *, docker: bool = True, memory: int = 8_000_000) -> Ran:
        if docker:
            (programs / "docker.py").write_text(DOCKER)
            (programs / "docker").write_text(f'#!/bin/sh\nexec {sys.executable} {programs / "docker.py"} "$@"\n')
            (programs / "docker").chmod(0o755)
        (tmp_path / "told").write_text(json.dumps(told))
        (tmp_path / "meminfo").write_text(f"MemAvailable: {memory} kB\n")
        (tmp_path / "asked").unlink(missing_ok=True)
        files = {name.upper(): str(tmp_path / name) for name in ("told", "asked", "meminfo")}
        ran = subprocess.run(
            ["/bin/sh", tmp_path / "compose/docker/start.sh"],
            env=files | {"PATH": f"{programs}:/usr/bin:/bin"},
            text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip
        asked = tmp_path / "asked"
        return Ran(ran.returncode, ran.stdout, asked.read_text().splitlines() if asked.exists() else [])

    return run


def test_everything_is_looked_at_made_started_and_followed_in_this_order(start: Start, tmp_path: Path) -> None:
    ran = start(WELL)
    assert ran.code == 0, ran.said
    steps = [line for line in ran.asked if line.startswith("compose ") and "config" not in line and "port" not in line]
    assert steps == [
        "compose version --short",
        "compose ps --quiet",
        "compose run --rm --build secrets",
        "compose up --build --detach --wait",
        "compose run --rm --no-deps -T api python manage.py make_demo_accounts",
        "compose exec -T api python -m compose.docker.first_order",
    ]
    for word in ("http://127.0.0.1:8000/docs", "http://127.0.0.1:3000", "shop", "secret"):
        assert word in ran.said
    accounts = tmp_path / "compose" / "secrets" / "accounts.json"
    assert accounts.stat().st_mode & 0o077 == 0
    again = start(WELL)
    assert not [line for line in again.asked if "make_demo_accounts" in line]


def test_accounts_of_a_database_that_is_no_more_are_made_anew(start: Start, tmp_path: Path) -> None:
    (tmp_path / "compose" / "secrets" / "accounts.json").write_text("{}")
    ran = start({"compose exec -T api python -m compose.docker.first_order": (3, ""), **WELL})
    assert [line.split()[-1] for line in ran.asked if "first_order" in line or "accounts" in line] == [
        "compose.docker.first_order", "make_demo_accounts", "compose.docker.first_order",
    ]  # fmt: skip
    assert ran.code == 3


def test_without_docker_a_sentence_says_how_to_get_it(start: Start) -> None:
    if any((Path(folder) / "docker").exists() for folder in ("/usr/bin", "/bin")):
        pytest.skip("this machine has Docker where every program is")
    ran = start({}, docker=False)
    assert (ran.code, ran.asked) == (1, [])
    assert ran.said.startswith("There is no Docker on this machine: ")


@pytest.mark.parametrize(
    ("wrong", "sentence", "never"),
    [
        ({"version": (1, "Cannot connect to the Docker daemon")}, "Docker's engine does not answer.", "compose up"),
        ({"compose version": (1, "")}, "Docker has no Compose: ", "compose up"),
        ({"version": (0, "20.10.24")}, "Docker Engine is 20.10.24, and 25.0 or later is needed.", "compose up"),
        ({"run --rm --network bridge --publish 127.0.0.1:8000:1": (125, "")},
         "127.0.0.1:8000 is taken: end what listens there, or set API_PORT in compose/.env.", "compose run"),
        ({"compose run --rm --build secrets": (1, "")}, "The secrets could not be made.", "compose up"),
    ],
)  # fmt: skip
def test_what_stands_in_the_way_is_said_before_anything_starts(
    start: Start, wrong: Told, sentence: str, never: str
) -> None:
    ran = start(wrong | {name: told for name, told in WELL.items() if name not in wrong})
    assert ran.code == 1
    assert sentence in ran.said
    assert not [line for line in ran.asked if line.startswith(never)]


def test_parts_that_run_already_do_not_stand_in_their_own_way(start: Start) -> None:
    taken = {"run --rm --network bridge --publish 127.0.0.1:8000:1": (125, "")}
    ran = start(taken | {"compose ps --quiet": (0, "0123\n")} | WELL)
    assert ran.code == 0, ran.said


def test_what_is_unwell_is_shown_with_the_end_of_its_log(start: Start) -> None:
    listed = [
        {"Service": "kafka-1", "State": "running", "Health": "healthy", "ExitCode": 0},
        {"Service": "migrate", "State": "exited", "Health": "", "ExitCode": 1},
        {"Service": "api", "State": "created", "Health": "", "ExitCode": 0},
    ]
    ran = start(
        {
            "compose up": (1, ""),
            "compose ps --all": (0, "\n".join(map(json.dumps, listed))),
            "compose logs --no-log-prefix --tail 20 migrate": (0, "Table 'shop.x' does not exist\n"),
        }
        | WELL
    )
    assert ran.code == 1
    assert "== migrate: ended with 1; the end of its log:\nTable 'shop.x' does not exist\n" in ran.said
    assert "kafka-1" not in ran.said
    assert "When it does not start" in ran.said
    assert not [line for line in ran.asked if "first_order" in line]


def test_too_little_memory_is_said_in_figures(start: Start) -> None:
    ran = start(WELL, memory=1_500_000)
    assert ran.code == 1
    assert "1.5 GB of memory available to Docker, and 4 GB are needed" in ran.said
