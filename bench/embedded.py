"""The platform on embedded parts for a measurement: a broker, an empty database, and the topics."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from native.driving.embedded import Platform, running_broker


@contextmanager
def platform() -> Iterator[Platform]:
    """Nothing of it is left afterwards."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        empty = folder / "empty.sqlite3"
        empty.touch()
        (folder / "platform").mkdir()
        with running_broker(folder) as brokers:
            measured = Platform(folder / "platform", brokers, empty)
            try:
                measured.run("migrate", "--verbosity", "0")
                measured.run("create_topics", "--wait", "60")
                yield measured
            finally:
                measured.end()
