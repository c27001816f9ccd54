"""The workers at their work beside the API: a broker, mock orders at a modest rate, and all that follows of them."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from confluent_kafka.admin import AdminClient

from bench.running import OURS, run
from native.driving.embedded import ROOT, members, running_broker, wait_until
from streaming.topology import EVERYWHERE, RELAY

END_SECONDS = 30


@contextmanager
def workers(environment: Mapping[str, str], rate: int, log: Path) -> Iterator[dict[str, str]]:
    """Start them on a database; gives the variables by which other processes find the same broker."""
    commands = [[worker.command, "--verbosity", "0"] for worker in (*EVERYWHERE, RELAY)]
    commands.append(["run_producer", "--rate", str(rate)])
    with TemporaryDirectory() as folder, running_broker(Path(folder)) as brokers, log.open("a") as output:
        everyones = {**os.environ, **OURS, **environment, "KAFKA_BOOTSTRAP_SERVERS": brokers}
        run("manage.py", "create_topics", "--wait", "60", environment=everyones)
        started = [start(command, everyones, output) for command in commands]
        try:
            admin = AdminClient({"bootstrap.servers": brokers, "log_level": 0})
            wait_until(lambda: len(members(admin)) >= len(EVERYWHERE), f"every worker reads: {log}")
            yield {"KAFKA_BOOTSTRAP_SERVERS": brokers}
            ended = [command[0] for command, process in zip(commands, started, strict=True) if process.poll()]
            assert not ended, f"{', '.join(ended)} ended: read {log}"
        finally:
            for process in started:
                process.terminate()
            for process in started:
                process.wait(END_SECONDS)


def start(command: Sequence[str], environment: Mapping[str, str], output: IO[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "manage.py", *command], cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
    )
