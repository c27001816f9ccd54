"""The demo as a person runs it. Takes about a minute: `pytest -m demo` runs it, CI does, plain `pytest` does not."""

import os
import re
import shlex
import signal
import socket
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from confluent_kafka.admin import AdminClient

from native.driving.embedded import ROOT, free_ports, wait_until

pytestmark = pytest.mark.demo
READY = "Ctrl-C ends everything"


class Terminal:
    """`make demo` in a session of its own, as a terminal would hold it."""

    def __init__(self, log: Path, *, api_port: int, kafka_port: int) -> None:
        self.log = log
        options = f"--api-port {api_port} --kafka-port {kafka_port} --metrics-port 0"
        with log.open("w") as output:
            self.process = subprocess.Popen(
                ["make", "demo", f"DEMO_OPTIONS={options}"],
                cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip

    def shows(self, text: str) -> None:
        wait_until(lambda: self.process.poll() is not None or text in self.log.read_text(), text, timeout=600)
        assert text in self.log.read_text(), self.log.read_text()

    def press_ctrl_c(self) -> None:
        os.killpg(self.process.pid, signal.SIGINT)

    def family(self) -> list[psutil.Process]:
        return [self.process_of_make, *self.process_of_make.children(recursive=True)]

    @property
    def process_of_make(self) -> psutil.Process:
        return psutil.Process(self.process.pid)


@pytest.fixture
def open_terminal(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    """Opens terminals that run the demo, in the beginning without data; closes those still open."""
    terminals: list[Terminal] = []

    def open_one(name: str, api_port: int, kafka_port: int) -> Terminal:
        terminals.append(Terminal(tmp_path / f"{name}.log", api_port=api_port, kafka_port=kafka_port))
        return terminals[-1]

    subprocess.run(["make", "clean"], cwd=ROOT, check=True)
    yield open_one
    for terminal in terminals:
        if terminal.process.poll() is None:
            terminal.press_ctrl_c()
            terminal.process.wait(60)
    subprocess.run(["make", "clean"], cwd=ROOT, check=True)


def test_the_demo_starts_serves_ends_without_a_trace_and_starts_again(
    tmp_path: Path, open_terminal: Callable[..., Terminal]
) -> None:
    api_port, kafka_port, _ = free_run_of_ports()
    for start in ("first", "second"):
        terminal = open_terminal(start, api_port, kafka_port)
        terminal.shows(READY)
        family = terminal.family()
        names = " ".join(" ".join(member.cmdline()) for member in family)
        assert all(part in names for part in ("kafka.Kafka", "gunicorn", "celery", "run_recorder", "run_relay"))
        others_can_join_in()
        terminal.press_ctrl_c()
        terminal.process.wait(60)
        _, alive = psutil.wait_procs(family, timeout=5)
        assert alive == []
    assert "First order counted" in (tmp_path / "first.log").read_text()
    assert "were replayed by an earlier run" in (tmp_path / "second.log").read_text()


def others_can_join_in() -> None:
    """var/demo.env tells any other client where things are and who may use them."""
    lines = (ROOT / "var" / "demo.env").read_text().splitlines()
    environment = dict(shlex.split(line)[1].split("=", 1) for line in lines if line.startswith("export "))
    assert (ROOT / "var" / "demo.env").stat().st_mode & 0o077 == 0
    kafka = AdminClient({"bootstrap.servers": environment["KAFKA_BOOTSTRAP_SERVERS"]})
    assert "transactions" in kafka.list_topics(timeout=10).topics
    request = urllib.request.Request(
        f"{environment['API_URL']}/transactions?limit=1",
        headers={"Authorization": f"Bearer {environment['SHOP_TOKEN']}"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 200


@pytest.mark.parametrize("which", [0, 1, 2], ids=["API", "Kafka", "controller"])
def test_a_port_in_use_is_named(open_terminal: Callable[..., Terminal], which: int) -> None:
    ports = free_run_of_ports()
    with socket.create_server(("127.0.0.1", ports[which])):
        terminal = open_terminal("taken", ports[0], ports[1])
        assert terminal.process.wait(30) != 0
    assert re.search(rf"Port {ports[which]} on 127\.0\.0\.1 is taken", terminal.log.read_text())


def free_run_of_ports() -> tuple[int, int, int]:
    """A port for the API, and two that follow each other for Kafka."""
    while True:
        api_port, kafka_port = free_ports(2)
        try:
            socket.create_server(("127.0.0.1", kafka_port + 1)).close()
        except OSError:
            continue
        return api_port, kafka_port, kafka_port + 1
