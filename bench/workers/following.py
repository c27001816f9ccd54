"""A process that is watched at its work, and ended when it has done enough."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.workers.measured import Sample, Seen
from native.driving.embedded import ROOT

EVERY_SECONDS = 0.1
START_SECONDS = 90
END_SECONDS = 60


class Ended(RuntimeError):
    """A process ended before its work was done, or did not end when it was told to; says where to read more."""


@dataclass(frozen=True)
class Started:
    process: psutil.Popen
    log: Path
    began: float


@contextmanager
def running(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Iterator[Started]:
    """Start a process, and end it afterwards as its supervisor does; raises Ended."""
    began = time.monotonic()
    with log.open("w") as output:
        process = psutil.Popen(
            command, cwd=ROOT, env={**os.environ, **environment}, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield Started(process, log, began)
    finally:
        with suppress(psutil.NoSuchProcess):  # it has ended by itself
            process.terminate()
        try:
            process.wait(END_SECONDS)
        except psutil.TimeoutExpired as slow:
            process.kill()
            process.wait()
            raise Ended(f"It did not end within {END_SECONDS} s of being told to: read {log}") from slow


@dataclass
class Usage:
    """What a process uses, as it was seen last: one that has just ended has nothing any longer."""

    process: psutil.Process
    cpu_seconds: float = 0.0
    memory_bytes: int = 0

    def look(self) -> None:
        with suppress(psutil.NoSuchProcess):
            self.cpu_seconds = sum(self.process.cpu_times()[:2])
            self.memory_bytes = self.process.memory_info().rss


def follow(
    started: Sequence[Started],
    done: Callable[[], int],
    total: int,
    seconds: float,
    others: Sequence[psutil.Process] = (),
) -> Seen:
    """Watch until all is done, or for so long from the first orders on that were done; raises Ended.

    others: who do a part of the work, such as the broker.
    """
    ours, theirs = ([Usage(process) for process in some] for some in ([each.process for each in started], others))
    samples: list[Sample] = []
    first: float | None = None
    while True:
        time.sleep(EVERY_SECONDS)
        # First, since what they did last is then to be seen.
        ended = [each for each in started if each.process.poll() is not None]
        count, now = done(), time.monotonic() - started[0].began
        for each in (*ours, *theirs):
            each.look()
        cpu, memory = sum(each.cpu_seconds for each in ours), max(each.memory_bytes for each in ours)
        samples.append(Sample(now, count, cpu, memory, tuple(each.cpu_seconds for each in theirs)))
        if count and first is None:
            first = now
        if count >= total or (first is not None and now - first >= seconds):
            return Seen(samples)
        if ended:
            code, log = ended[0].process.returncode, ended[0].log
            raise Ended(f"It ended with {code} before its work was done: read {log}")
        if first is None and now > START_SECONDS:
            raise Ended(f"It did nothing for {START_SECONDS} s: read {started[0].log}")
