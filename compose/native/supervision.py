"""A running supervisord, spoken to over its socket."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from xmlrpc.client import ServerProxy

import psutil
from supervisor.xmlrpc import SupervisorTransport

ROOT = Path(__file__).resolve().parent.parent.parent
RUNNING = "RUNNING"
GIVEN_UP = {"FATAL", "EXITED", "UNKNOWN"}


class DidNotStart(RuntimeError):
    """A process ended, or a condition was not met in time; says where to read why."""


class Supervision:
    """Starts, restarts and stops the programs of a supervisord.conf.

    As a context it begins a supervisord, and ends it with all its programs when left.
    """

    def __init__(self, conf: Path, var: Path, environment: Mapping[str, str]) -> None:
        self.var = var
        self._conf = conf
        self._environment = dict(environment)
        self._socket = var / "supervisor.sock"

    def __enter__(self) -> "Supervision":
        self.begin()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def begin(self) -> None:
        """Start supervisord, which goes on when we end."""
        for folder in ("log", "celery/messages", "celery/control"):
            (self.var / folder).mkdir(parents=True, exist_ok=True)
        self._socket.unlink(missing_ok=True)
        self._complaints = (self.var / "log" / "supervisord.complaints").open("w")
        self._supervisord: psutil.Process = psutil.Popen(
            [sys.executable, "-m", "supervisor.supervisord", "-c", str(self._conf)],
            cwd=ROOT,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            # It may outlive us, and must not hold on to a pipe that somebody reads from us.
            stdout=self._complaints,
            stderr=subprocess.STDOUT,
            # A session of its own: Ctrl-C reaches only whoever started it, which then stops the programs in order.
            start_new_session=True,
        )
        self.wait_until(self._socket.exists, "supervisord")

    def attach(self) -> bool:
        """Take up a supervisord that was begun before; returns whether there is one."""
        try:
            self._supervisord = psutil.Process(int((self.var / "supervisord.pid").read_text()))
            self.rpc.getState()
        except (OSError, ValueError, psutil.NoSuchProcess):
            return False
        return True

    def end(self) -> None:
        """Stop every program, in order, and supervisord itself."""
        if self._lives():
            self._supervisord.send_signal(signal.SIGTERM)
        self._supervisord.wait()

    def _lives(self) -> bool:
        return self._supervisord.is_running() and self._supervisord.status() != psutil.STATUS_ZOMBIE

    @property
    def rpc(self) -> Any:
        # The address is a placeholder that ServerProxy wants: the transport goes to the socket.
        transport = SupervisorTransport(None, None, f"unix://{self._socket}")
        return ServerProxy("http://127.0.0.1", transport=transport).supervisor

    def start(self, *programs: str) -> None:
        """Start programs or groups (`workers:*`) without waiting until they have settled."""
        for program in programs:
            if program.endswith(":*"):
                self.rpc.startProcessGroup(program.removesuffix(":*"), False)
            else:
                self.rpc.startProcess(program, False)

    def states(self) -> dict[str, str]:
        return {info["name"]: info["statename"] for info in self.rpc.getAllProcessInfo()}

    def wait_until(self, condition: Callable[[], bool], what: str, timeout: float = 60, every: float = 0.1) -> None:
        """Wait until a condition holds; raises DidNotStart if a program gives up, or the time is over."""
        deadline = time.monotonic() + timeout
        while not condition():
            self.raise_if_ended()
            if time.monotonic() > deadline:
                raise DidNotStart(f"{what}: not so within {timeout:.0f} s. Read the logs in {self.var / 'log'}.")
            time.sleep(every)

    def raise_if_ended(self) -> None:
        """Raise DidNotStart, with the end of its log, if a program has given up."""
        if not self._lives():
            raise DidNotStart(f"supervisord ended. Read {self.var / 'log' / 'supervisord.log'}.")
        if not self._socket.exists():
            return
        for info in self.rpc.getAllProcessInfo():
            if info["statename"] in GIVEN_UP and info["start"]:
                raise DidNotStart(f"{info['name']} has ended:\n{last_lines(Path(info['stdout_logfile']))}")

    def memory(self) -> dict[str, int]:
        """Bytes of resident memory of supervisord and of each running program with its children."""
        infos = [info for info in self.rpc.getAllProcessInfo() if info["pid"]]
        own = {"supervisord": psutil.Process(self._supervisord.pid).memory_info().rss}
        return own | {info["name"]: _resident(psutil.Process(info["pid"])) for info in infos}


def last_lines(file: Path, count: int = 12) -> str:
    return "\n".join(file.read_text(errors="replace").splitlines()[-count:]) if file.exists() else f"({file} is empty)"


def _resident(process: psutil.Process) -> int:
    family = [process, *process.children(recursive=True)]
    return sum(member.memory_info().rss for member in family)
