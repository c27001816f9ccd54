"""The databases that grow: made, filled to a size, timed, and thrown away, each by processes of its own."""

import json
import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

from bench.filling.command import fill
from bench.growth.outcome import Took
from bench.growth.sizes import volumes
from bench.mysql import MySQL
from bench.running import run
from bench.sqlite import SQLite
from native.driving.embedded import running_broker
from native.layout import ROOT

FOLDER = ROOT / "var" / "bench" / "growth"
BUFFER_POOL_MB = 512


class Database(Protocol):
    """MySQL or SQLite."""

    def make(self) -> None: ...
    def running(self) -> AbstractContextManager[object]: ...
    def environment(self) -> dict[str, str]: ...
    def forget(self) -> None: ...
    @property
    def root(self) -> dict[str, str]: ...


@dataclass(frozen=True)
class Store:
    """A database, and its name in tables."""

    name: str
    database: Database

    @property
    def accounts(self) -> Path:
        return FOLDER / f"accounts-{self.name}.json"

    def fill(self, rows: int) -> None:
        """Make its tables, which are empty, and fill them, in view."""
        fill(self.database.root, volumes(rows), self.accounts)

    def time(self, *, plans: bool, only: str) -> list[Took]:
        """Ask everything."""
        written = FOLDER / f"took-{self.name}.json"
        options = ["--accounts", str(self.accounts), "--write", str(written), "--only", only]
        run(
            "-m", "bench.growth.timing", *options, *(["--plans"] if plans else []),
            environment=self.environment(), aloud=True,
        )  # fmt: skip
        return [Took(**each) for each in json.loads(written.read_text())]

    def time_with_kafka(self) -> list[Took]:
        """Ask what takes a broker, too; it is started, filled and thrown away."""
        written = FOLDER / f"took-{self.name}-with-kafka.json"
        with TemporaryDirectory() as folder, running_broker(Path(folder)) as brokers:
            environment = self.environment(KAFKA_BOOTSTRAP_SERVERS=brokers)
            run("manage.py", "create_topics", "--wait", "60", environment=environment)
            run("-m", "bench.growth.with_kafka", "--write", str(written), environment=environment, aloud=True)
        return [Took(**each) for each in json.loads(written.read_text())]

    def environment(self, **more: str) -> Mapping[str, str]:
        asked = {"ALLOWED_HOSTS": "testserver,127.0.0.1,localhost"}
        return {**os.environ, **self.database.environment(), **asked, **more}


def versions() -> dict[str, str]:
    """Of what is no package of Python's."""
    return {"MySQL": MySQL("growth-mysql", BUFFER_POOL_MB).version()}


def stores() -> dict[str, Store]:
    """By name."""
    known: dict[str, Any] = {"SQLite": SQLite("growth-sqlite"), "MySQL": MySQL("growth-mysql", BUFFER_POOL_MB)}
    return {name: Store(name, database) for name, database in known.items()}
