"""Single parts of the cluster for tests: the same programs and files as `make cluster`, on ports of their own."""

from pathlib import Path
from typing import Self
from urllib.error import URLError
from urllib.request import urlopen

from compose.native import configuration, libraries
from compose.native.layout import Layout
from compose.native.supervision import Supervision

CLUSTER_CONF = Path(configuration.__file__).with_name("cluster.conf")
PORTS = 27
"""Thousands of ports that neither the demo nor the cluster takes."""


class Parts:
    """Starts parts when they are first asked for, and ends them all when left."""

    def __init__(self, var: Path) -> None:
        # Elasticsearch and MySQL run as somebody else, who has to reach their folders.
        for folder in (var, *var.parents[:3]):
            folder.chmod(folder.stat().st_mode | 0o011)
        self.layout = Layout(var, PORTS)
        self._supervision = Supervision(CLUSTER_CONF, var, self.layout.environment)

    def __enter__(self) -> Self:
        libraries.lay_out(self.layout.libraries)
        self._supervision.begin()
        return self

    def __exit__(self, *_: object) -> None:
        self._supervision.end()

    def registry(self) -> str:
        """Start the schema registry; returns the URL of its API."""
        configuration.configure_registry(self.layout)
        self._supervision.start("registry")
        url = f"{self.layout.address('registry')}/apis/ccompat/v7"
        self._supervision.wait_until(lambda: _answers(f"{url}/subjects"), "the registry answers")
        return url


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=1) as answer:
            return bool(answer.status == 200)
    except (URLError, ConnectionError, TimeoutError):
        return False
