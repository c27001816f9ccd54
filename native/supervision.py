"""A running supervisord, spoken to over its socket."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import IO, Any
from xmlrpc.client import Fault, ServerProxy

import psutil
from supervisor.xmlrpc import Faults, SupervisorTransport

from native.occupancy import note, occupy

ROOT = Path(__file__).resolve().parent.parent
RUNNING = "RUNNING"
GIVEN_UP = "FATAL"
"""The only state from which supervisord starts nothing again: each other one may be seen on the way to a new start."""
IN_TROUBLE = {GIVEN_UP, "BACKOFF", "EXITED"}


class DidNotStart(RuntimeError):
    """What is waited for cannot come about, or did not in time; says where to read why."""


class Supervision:
    """Starts, restarts and stops the programs of a supervisord.conf.

    As a context it begins a supervisord, and ends it with all its programs when left.

    lock: the folder's, as occupy() gives it; without one, begin() takes it.
    """

    def __init__(self, conf: Path, var: Path, environment: Mapping[str, str], lock: IO[str] | None = None) -> None:
        self.var = var
        self._lock = lock
        self._conf = conf
        self._environment = dict(environment)
        self._socket = var / "supervisor.sock"
        self._groups: dict[str, str] = {}

    def __enter__(self) -> "Supervision":
        self.begin()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def begin(self) -> None:
        """Start supervisord, which goes on when we end, and then still holds the folder's lock; raises Occupied."""
        lock = self._lock = self._lock or occupy(self.var, str(self._socket))
        for folder in ("log", "celery/messages", "celery/control"):
            (self.var / folder).mkdir(parents=True, exist_ok=True)
        self._socket.unlink(missing_ok=True)
        self._complaints = (self.var / "log" / "supervisord.complaints").open("w")
        self._supervisord: psutil.Process = psutil.Popen(
            [sys.executable, "-m", "supervisor.supervisord", "-c", str(self._conf)],
            cwd=ROOT,
            env=self._environment,
            # It reads nothing; an open file keeps the lock.
            stdin=lock,
            # It may outlive us, and must not hold on to a pipe that somebody reads from us.
            stdout=self._complaints,
            stderr=subprocess.STDOUT,
            # A session of its own: Ctrl-C reaches only whoever started it, which then stops the programs in order.
            start_new_session=True,
        )
        note(lock, supervisord=self._supervisord.pid)
        self.wait_until(self._socket.exists, "supervisord")

    def attach(self) -> bool:
        """Take up a supervisord that was begun before; returns whether there is one."""
        try:
            self._supervisord = psutil.Process(int((self.var / "supervisord.pid").read_text()))
            self.rpc.getState()
        except (OSError, ValueError, psutil.NoSuchProcess):
            return False
        except Fault as fault:
            # It is on its way out: whoever wants it ended waits for that.
            return bool(fault.faultCode == Faults.SHUTDOWN_STATE)
        return True

    def end(self) -> None:
        """Stop every program, in order, and supervisord itself."""
        if self._lives():
            self._supervisord.send_signal(signal.SIGTERM)
        self._supervisord.wait()
        if self._lock:
            self._lock.close()

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
                self._start_one(program)

    def _start_one(self, program: str) -> None:
        try:
            self.rpc.startProcess(program, False)
        except Fault as fault:
            # supervisord says so, too, of a program that ended before it could look. Its state says what becomes of
            # it, and whoever waits for it gets its log.
            if fault.faultCode != Faults.SPAWN_ERROR:
                raise

    def states(self) -> dict[str, str]:
        return {info["name"]: info["statename"] for info in self.rpc.getAllProcessInfo()}

    def wait_until(
        self,
        condition: Callable[[], bool],
        what: str,
        timeout: float = 60,
        every: float = 0.1,
        needs: Collection[str] = (),
    ) -> None:
        """Wait until a condition holds.

        needs: programs or groups without which it never will. Raises DidNotStart if one of them has given up, or the
        time is over.
        """
        deadline = time.monotonic() + timeout
        while not condition():
            if lost := {name: why for name, why in self.given_up().items() if self._is_needed(name, needs)}:
                raise DidNotStart("\n".join([f"{what}: never.", *lost.values()]))
            if time.monotonic() > deadline:
                raise DidNotStart("\n".join([f"{what}: not so within {timeout:.0f} s.", *self.troubles()]))
            time.sleep(every)

    def _is_needed(self, name: str, needs: Collection[str]) -> bool:
        return name in needs or self._groups.get(name) in needs

    def given_up(self) -> dict[str, str]:
        """Who is not started again, each with the end of its log; raises DidNotStart if supervisord has ended."""
        return {
            info["name"]: f"{info['name']} has given up:\n{last_lines(Path(info['stdout_logfile']))}"
            for info in self._infos()
            if info["statename"] == GIVEN_UP
        }

    def troubles(self) -> list[str]:
        """What a person reads who wants to know why something is not as it should be."""
        return [
            *(
                f"{info['name']} is {info['statename']}:\n{last_lines(Path(info['stdout_logfile']))}"
                for info in self._infos()
                if info["statename"] in IN_TROUBLE and info["start"]
            ),
            f"The logs are in {self.var / 'log'}.",
        ]

    def _infos(self) -> list[dict[str, Any]]:
        """What supervisord says of each process; nothing as long as it starts itself."""
        if not self._lives():
            raise DidNotStart(f"supervisord ended. Read {self.var / 'log' / 'supervisord.log'}.")
        infos: list[dict[str, Any]] = self.rpc.getAllProcessInfo() if self._socket.exists() else []
        self._groups = {info["name"]: info["group"] for info in infos}
        return infos

    def address_of(self, name: str) -> str:
        """How supervisorctl calls a process: with its group, where that has another name."""
        group = self._groups.get(name, name)
        return name if group == name else f"{group}:{name}"

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
