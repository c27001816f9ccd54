"""A database file of its own for measurements, in a folder under var."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from native.layout import ROOT


@dataclass
class SQLite:
    """A file that is put back to what it was; name: of its folder under var/bench."""

    name: str

    @property
    def file(self) -> Path:
        return ROOT / "var" / "bench" / self.name / "platform.sqlite3"

    def make(self) -> None:
        """An empty folder for it, whatever was there."""
        shutil.rmtree(self.file.parent, ignore_errors=True)
        self.file.parent.mkdir(parents=True)

    @contextmanager
    def running(self) -> Iterator[None]:
        """There is no server to be started."""
        yield None

    def environment(self, user: str = "platform") -> dict[str, str]:
        """The variables by which our processes work on it; whoever may read the file may do everything."""
        return {"DATABASE_URL": f"sqlite:///{self.file}"}

    @property
    def root(self) -> dict[str, str]:
        return self.environment()

    @property
    def _kept(self) -> Path:
        return self.file.with_suffix(".kept")

    def keep(self) -> None:
        shutil.copy(self.file, self._kept)

    def put_back(self) -> None:
        for beside in self.file.parent.glob(f"{self.file.name}-*"):
            beside.unlink()
        shutil.copy(self._kept, self.file)

    def forget(self) -> None:
        """Delete all of it."""
        shutil.rmtree(self.file.parent, ignore_errors=True)
