"""A Docker engine of its own, from Debian's unstable release, in namespaces of its own: mounts, network, processes.

It ends with whoever started it, and nothing of the machine changes: no bridge, no rule of iptables, no socket,
no mount.
What stays is a folder of layers, so that the next build is quick.

python -m tests.docker.engine COMMAND …     run a command beside an engine, whose client `docker` is on its PATH
"""

import ctypes
import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psutil

from native.driving.embedded import ROOT, wait_until
from native.packages import debian
from native.packages.fetching import ENGINE_PACKAGES

LIBRARIES = ROOT / "var" / "lib"
FOLDER = LIBRARIES / "docker-engine"
TREE = FOLDER / "tree"
DATA = FOLDER / "data"
SCRATCH = FOLDER / "scratch"
LOG = FOLDER / "dockerd.log"

NEEDED = {"memory": 6_000_000_000, "disk": 20_000_000_000}
"""Bytes."""
PROGRAMS = ("unshare", "nsenter", "setpriv", "pivot_root", "mount")
NAMESPACES = ("--mount", "--net", "--pid", "--ipc", "--uts")
# What runs in there must find its programs; and nothing of this machine's settings concerns it.
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}
ENDS_WITH_US = ("setpriv", "--pdeathsig", "KILL", "--")
WEIGHT = 8192
"""of all containers together; by default they would weigh as much as one process."""

LIBC = ctypes.CDLL(None, use_errno=True)
NEW_NETWORK = 0x40000000  # CLONE_NEWNET of <sched.h>


class CannotRun(RuntimeError):
    """No engine can run here; says why."""


@dataclass(frozen=True)
class Engine:
    """A running one. pid: of its first process, by this machine's count; settings: what Compose reads besides."""

    pid: int
    settings: dict[str, str]

    def run(self, *command: str, check: bool = True, timeout: float = 600) -> subprocess.CompletedProcess[str]:
        """Run a command in its namespaces, in the project's folder."""
        return subprocess.run(
            [*entering(self.pid, "--pid"), *command],
            env=ENVIRONMENT | self.settings, cwd=ROOT, text=True, capture_output=True, check=check, timeout=timeout,
        )  # fmt: skip

    def docker(self, *arguments: str, check: bool = True, timeout: float = 600) -> str:
        """What the client prints; raises AssertionError with its complaint."""
        done = self.run("docker", *arguments, check=False, timeout=timeout)
        assert done.returncode == 0 or not check, f"docker {' '.join(arguments)}: {done.stderr[-5000:]}"
        return done.stdout.strip()

    def answers(self) -> bool:
        return self.run("docker", "version", check=False).returncode == 0

    def forget_what_ran(self) -> None:
        """Containers, volumes and networks of a run that was killed; images with names stay."""
        if containers := self.docker("ps", "--all", "--quiet").split():
            self.docker("rm", "--force", "--volumes", *containers)
        self.docker("volume", "prune", "--all", "--force")
        self.docker("network", "prune", "--force")
        self.docker("image", "prune", "--force")


def why_not() -> str:
    """Why no engine can run here, in a sentence; "" if it can."""
    if os.geteuid() != 0:
        return "Only root may make the namespaces of an engine."
    if missing := [program for program in PROGRAMS if not shutil.which(program)]:
        return f"This machine has no {', '.join(missing)}."
    if not Path("/dev/net/tun").exists():
        return "There is no /dev/net/tun, by which its network would reach Debian, PyPI and Maven."
    tried = subprocess.run(["unshare", *NAMESPACES, "--fork", "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        return f"No namespaces can be made here: {tried.stderr.strip()}"
    free = {"memory": psutil.virtual_memory().available, "disk": shutil.disk_usage(ROOT).free}
    scarce = [f"{needed / 1e9:.0f} GB of {what}" for what, needed in NEEDED.items() if free[what] < needed]
    return f"{' and '.join(scarce)} must be free." if scarce else ""


@contextmanager
def running_engine(settings: dict[str, str]) -> Iterator[Engine]:
    """An engine, empty but for images, until the end of the block; raises CannotRun."""
    if reason := why_not():
        raise CannotRun(reason)
    SCRATCH.mkdir(parents=True, exist_ok=True)
    with ExitStack() as ended:
        ended.enter_context(_only_one())
        try:
            debian.unpack(ENGINE_PACKAGES, TREE)
        except debian.NotInstalled as error:
            raise CannotRun(str(error)) from error
        control_group = f"docker-{os.getpid()}"
        ended.enter_context(_control_groups(control_group))
        engine = Engine(ended.enter_context(_daemon(control_group)), settings)
        ended.enter_context(_way_out(engine.pid))
        wait_until(engine.answers, "the engine answers", 60, lambda: LOG.read_text()[-3000:])
        engine.forget_what_ran()
        yield engine


@contextmanager
def _only_one() -> Iterator[None]:
    """Two engines on one folder of layers would ruin it."""
    with (FOLDER / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise CannotRun(f"Another engine runs on {FOLDER}.") from error
        yield


@contextmanager
def _daemon(control_group: str) -> Iterator[int]:
    """dockerd below the first process of namespaces that end with it."""
    options = [f"--data-root={DATA}", f"--cgroup-parent=/{control_group}", "--storage-driver=overlay2"]
    command = [str(Path(__file__).with_name("become_engine.sh")), str(TREE), str(SCRATCH), str(ROOT), *options]
    with LOG.open("w") as log:
        outer = subprocess.Popen(
            [*ENDS_WITH_US, "unshare", *NAMESPACES, "--kill-child", *command],
            env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        wait_until(lambda: psutil.Process(outer.pid).children(), "the namespaces are made", 10, LOG.read_text)
        first = psutil.Process(outer.pid).children()[0]
        yield first.pid
        first.terminate()
        outer.wait(60)
    finally:
        outer.kill()
        outer.wait()


@contextmanager
def _way_out(pid: int) -> Iterator[None]:
    """A network card of its own, behind which a process of ours asks what others ask: we need no route and no rule."""
    command = [*debian.command_of(TREE, "usr/bin/slirp4netns"), "--configure", "--mtu=65520", "--disable-host-loopback"]
    with (FOLDER / "slirp4netns.log").open("w") as log:
        process = subprocess.Popen(
            [*ENDS_WITH_US, *command, str(pid), "tap0"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        wait_until(lambda: "\t00000000\t" in Path(f"/proc/{pid}/net/route").read_text(), "it has a network", 20)
        yield
    finally:
        process.terminate()
        process.wait()


@contextmanager
def _control_groups(name: str) -> Iterator[None]:
    """A control group that all containers belong to, and that is gone with them."""
    for controller in Path("/sys/fs/cgroup").glob("cpu"):
        (controller / name).mkdir()
        (controller / name / "cpu.shares").write_text(str(WEIGHT))
    try:
        yield
    finally:
        # They outlive their processes; the kernel may need a moment to let go of these.
        for group in [*Path("/sys/fs/cgroup").glob(name), *Path("/sys/fs/cgroup").glob(f"*/{name}")]:
            wait_until(partial(_removed, group), f"{group} is removed", 20)


def _removed(group: Path) -> bool:
    inner = sorted((folder for folder in group.rglob("*") if folder.is_dir()), reverse=True)
    with suppress(OSError):
        for folder in [*inner, group]:
            folder.rmdir()
    return not group.exists()


def entering(pid: int, *namespaces: str) -> list[str]:
    """The beginning of a command that is to run in the namespaces of an engine; it is run in the project's folder."""
    there = ["nsenter", "--target", str(pid), "--mount", "--net", *namespaces, "--"]
    return [*there, "/bin/sh", "-c", 'cd "$0" && exec "$@"', str(ROOT)]


def write_client(folder: Path, engine: Engine) -> None:
    """A program `docker` in a folder, which asks this engine."""
    folder.mkdir(parents=True, exist_ok=True)
    client = folder / "docker"
    client.write_text(
        "#!/bin/sh\n"
        f'exec nsenter --target {engine.pid} --mount --net -- /bin/sh -c \'cd "$0" && exec "$@"\' "$PWD" '
        'env PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root docker "$@"\n'
    )
    client.chmod(0o755)


@contextmanager
def on_its_network(engine: Engine) -> Iterator[None]:
    """This thread, and whoever it starts, are where the engine publishes ports; nobody else listens there."""
    with Path("/proc/thread-self/ns/net").open() as before, Path(f"/proc/{engine.pid}/ns/net").open() as there:
        _join(there.fileno())
        try:
            yield
        finally:
            _join(before.fileno())


def _join(namespace: int) -> None:
    if LIBC.setns(namespace, NEW_NETWORK):
        raise OSError(ctypes.get_errno(), "setns")


def main() -> None:
    with running_engine({}) as engine, on_its_network(engine):
        write_client(FOLDER / "bin", engine)
        environment = os.environ | {"PATH": f"{FOLDER / 'bin'}:{os.environ['PATH']}"}
        sys.exit(subprocess.run(sys.argv[1:], env=environment, check=False).returncode)


if __name__ == "__main__":
    main()
