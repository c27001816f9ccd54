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


def follow(started: Started, done: Callable[[], int], total: int, seconds: float) -> Seen:
    """Watch until all is done, or for so long from the first orders on that were done; raises Ended."""
    samples: list[Sample] = []
    first: float | None = None
    cpu, peak = 0.0, 0
    while True:
        time.sleep(EVERY_SECONDS)
        # First, since what it did last is then to be seen.
        code = started.process.poll()
        count, now = done(), time.monotonic() - started.began
        # A process that has just ended has neither any longer.
        with suppress(psutil.NoSuchProcess):
            cpu, peak = sum(started.process.cpu_times()[:2]), max(peak, started.process.memory_info().rss)
        samples.append(Sample(now, count, cpu))
        if count and first is None:
            first = now
        if count >= total or (first is not None and now - first >= seconds):
            return Seen(samples, peak)
        if code is not None:
            raise Ended(f"It ended with {code} before its work was done: read {started.log}")
        if first is None and now > START_SECONDS:
            raise Ended(f"It did nothing for {START_SECONDS} s: read {started.log}")
