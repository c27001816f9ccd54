"""A supervisord of its own, with programs that stay, that end over and over, and that are killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from xmlrpc.client import Fault

import psutil
import pytest
from supervisor.xmlrpc import Faults

from monitoring.health import Down, Unknown
from monitoring.processes import NoAnswer, troubles
from monitoring.server_checks import processes
from native.driving.embedded import ROOT, wait_until
from native.occupancy import Occupied, is_occupied, occupy
from native.supervision import DidNotStart, Supervision

CONF = """
[supervisord]
nodaemon = true
silent = true
logfile = %(ENV_VAR)s/log/supervisord.log
pidfile = %(ENV_VAR)s/supervisord.pid

[unix_http_server]
file = %(ENV_VAR)s/supervisor.sock

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

[group:stores]
programs = stays,hopeless

[program:stays]
command = sleep 1000
autorestart = true
startsecs = 0
stdout_logfile = %(ENV_VAR)s/log/stays.log

[program:hopeless]
command = sh -c 'echo the table is gone; exit 3'
autostart = false
autorestart = true
startretries = 0
stdout_logfile = %(ENV_VAR)s/log/hopeless.log
"""


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Supervision]:
    conf = tmp_path / "supervisord.conf"
    conf.write_text(CONF)
    with Supervision(conf, tmp_path / "run", os.environ | {"VAR": str(tmp_path / "run")}) as parts:
        wait_until(lambda: parts.states()["stays"] == "RUNNING", "it runs")
        yield parts


def lose(parts: Supervision) -> None:
    parts.start("stores:hopeless")
    wait_until(lambda: parts.states()["hopeless"] == "FATAL", "it has been given up")


def socket_of(parts: Supervision) -> str:
    return str(parts.var / "supervisor.sock")


def pid_of(parts: Supervision) -> int:
    return int(next(info["pid"] for info in parts.rpc.getAllProcessInfo() if info["name"] == "stays"))


def test_nineteen_kills_end_no_wait_that_needs_the_process(parts: Supervision) -> None:
    killed: list[int] = []

    def kill_again() -> bool:
        pid = pid_of(parts)
        if pid and pid not in killed:
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)
        return len(killed) == 19

    parts.wait_until(kill_again, "killed nineteen times", every=0, needs=["stays"])
    wait_until(lambda: parts.states()["stays"] == "RUNNING", "it runs again")
    assert parts.given_up() == {}


@pytest.mark.parametrize("needed", ["hopeless", "stores"], ids=["by name", "by group"])
def test_a_wait_that_needs_a_lost_process_ends_with_its_log(parts: Supervision, needed: str) -> None:
    lose(parts)
    with pytest.raises(DidNotStart, match=r"(?s)the totals come: never\..*hopeless has given up.*the table is gone"):
        parts.wait_until(lambda: False, "the totals come", needs=[needed])


def test_a_wait_that_does_not_need_a_lost_process_goes_on(parts: Supervision) -> None:
    lose(parts)
    asked = iter([False, False, True])
    parts.wait_until(lambda: next(asked), "something else", needs=["stays"])


def test_a_wait_that_takes_too_long_says_who_is_in_trouble(parts: Supervision) -> None:
    lose(parts)
    with pytest.raises(DidNotStart, match=r"(?s)not so within 0 s.*hopeless is FATAL:\nthe table is gone"):
        parts.wait_until(lambda: False, "something else", timeout=0)


class EndsAtOnce:
    """A supervisord whose programs end before it has looked at them, as may happen on a busy machine."""

    def __init__(self, fault: int) -> None:
        self.fault = fault

    def startProcess(self, name: str, wait: bool) -> None:  # noqa: N802 - supervisord's name
        raise Fault(self.fault, name)


def test_a_program_that_ends_before_supervisord_looks_is_left_to_its_state(
    parts: Supervision, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Supervision, "rpc", EndsAtOnce(Faults.SPAWN_ERROR))
    parts.start("stores:hopeless")
    monkeypatch.setattr(Supervision, "rpc", EndsAtOnce(Faults.BAD_NAME))
    with pytest.raises(Fault):
        parts.start("stores:nobody")


class OnItsWayOut:
    def getState(self) -> None:  # noqa: N802 - supervisord's name
        raise Fault(Faults.SHUTDOWN_STATE, "SHUTDOWN_STATE")


def test_a_supervisord_that_is_ending_is_there_to_be_waited_for(
    parts: Supervision, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as ending:
        ending.setattr(Supervision, "rpc", OnItsWayOut())
        assert parts.attach()
    assert parts.attach()


def test_health_names_a_process_that_was_given_up(parts: Supervision, settings: "pytest.FixtureRequest") -> None:
    settings.SUPERVISOR = socket_of(parts)  # type: ignore[attr-defined]
    processes()
    lose(parts)
    with pytest.raises(Down, match="hopeless has been given up"):
        processes()


def test_health_does_not_know_while_supervisord_does_not_answer(
    parts: Supervision, settings: "pytest.FixtureRequest"
) -> None:
    settings.SUPERVISOR = socket_of(parts)  # type: ignore[attr-defined]
    supervisord = psutil.Process(int((parts.var / "supervisord.pid").read_text()))
    supervisord.suspend()
    try:
        with pytest.raises(Unknown, match="supervisord"):
            processes()
    finally:
        supervisord.resume()
    with pytest.raises(NoAnswer):
        troubles(str(parts.var / "no-such.sock"))


def test_a_folder_is_occupied_until_supervisord_has_ended_even_if_its_starter_is_killed(tmp_path: Path) -> None:
    conf = tmp_path / "supervisord.conf"
    conf.write_text(CONF)
    begin = (
        "import os, sys; from pathlib import Path; from native.supervision import Supervision;"
        "Supervision(Path(sys.argv[1]), Path(sys.argv[2]), os.environ).begin(); os.kill(os.getpid(), 9)"
    )
    folder = tmp_path / "run"
    environment = os.environ | {"VAR": str(folder)}
    subprocess.run([sys.executable, "-c", begin, str(conf), str(folder)], cwd=ROOT, env=environment, check=False)
    pid_file = folder / "supervisord.pid"
    wait_until(lambda: pid_file.exists() and pid_file.read_text().strip(), "supervisord has written down its pid")
    pid = int(pid_file.read_text())
    try:
        with pytest.raises(Occupied, match=rf"process {pid}, .*supervisor\.sock\. End that first: `kill {pid}`"):
            occupy(folder, "http://127.0.0.1:8000/")
    finally:
        os.kill(pid, signal.SIGTERM)
    wait_until(lambda: not is_occupied(tmp_path / "run.lock"), "the folder is free")
    occupy(folder, "http://127.0.0.1:8000/").close()


def test_who_is_there_already_is_named_with_the_address(tmp_path: Path) -> None:
    lock: IO[str] = occupy(tmp_path / "demo", "http://127.0.0.1:8000/")
    with lock, pytest.raises(Occupied, match=rf"process {os.getpid()}, http://127\.0\.0\.1:8000/\."):
        occupy(tmp_path / "demo", "http://127.0.0.1:8010/")
    occupy(tmp_path / "demo", "http://127.0.0.1:8010/").close()
