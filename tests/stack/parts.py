"""Single parts of the cluster for tests: the same programs and files as `make cluster`, on ports of their own."""

import ssl
from pathlib import Path
from typing import Self
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from native import readiness
from native.configuration import elasticsearch, mysql, registry
from native.layout import Layout
from native.packages import debian, libraries
from native.packages.fetching import JAVA, fetch_mysql
from native.security.accounts import secret
from native.security.certificates import make_certificates
from native.startup import CONF
from native.supervision import Supervision

PORTS = 24
"""Thousands of ports that neither the demo nor the cluster takes."""


class Parts:
    """Starts parts when they are first asked for, and ends them all when left."""

    def __init__(self, var: Path) -> None:
        # Elasticsearch and MySQL run as somebody else, who has to reach their folders.
        var.chmod(0o711)
        self.layout = Layout(var, PORTS)

    def __enter__(self) -> Self:
        debian.install_if_missing(JAVA)
        libraries.lay_out(self.layout.libraries)
        fetch_mysql(self.layout)
        # Only now the programs are there whose names it is told.
        self._supervision = Supervision(CONF, self.layout.var, self.layout.environment)
        self._supervision.begin()
        return self

    def __exit__(self, *_: object) -> None:
        self._supervision.end()

    def elasticsearch(self) -> str:
        """Start Elasticsearch; returns its address, and writes the password of its user `platform` to a file."""
        make_certificates(self.layout.certificates, ["elasticsearch"])
        elasticsearch.configure(self.layout)
        self._supervision.start("elasticsearch")
        address = self.layout.address("elasticsearch", "https")
        self._supervision.wait_until(
            lambda: _answers(address, self.certificate_authority), "Elasticsearch answers", 120
        )
        return address

    def mysql(self) -> str:
        """Start MySQL; returns the URL by which root, who may do everything, gets in."""
        make_certificates(self.layout.certificates, ["mysql"])
        mysql.configure(self.layout)
        self._supervision.start("mysql")
        self._supervision.wait_until(lambda: readiness.mysql(self.layout), "MySQL answers", 120, needs=["mysql"])
        password = secret(self.layout.secrets, "mysql-root")
        return f"mysql://root:{password}@localhost/shop?unix_socket={self.layout.var / 'mysql' / 'mysql.sock'}"

    @property
    def certificate_authority(self) -> Path:
        return self.layout.certificates / "ca.pem"

    def stop(self, part: str) -> None:
        self._supervision.rpc.stopProcess(part)

    def registry(self) -> str:
        """Start the schema registry; returns the URL of its API."""
        registry.configure(self.layout)
        self._supervision.start("registry")
        url = f"{self.layout.address('registry')}/apis/ccompat/v7"
        self._supervision.wait_until(lambda: _answers(f"{url}/subjects"), "the registry answers")
        return url


def _answers(url: str, authority: Path | None = None) -> bool:
    """Whether somebody speaks HTTP there, be it to ask who we are."""
    context = ssl.create_default_context(cafile=authority) if authority else None
    try:
        with urlopen(url, timeout=1, context=context):
            return True
    except HTTPError:
        return True
    except (URLError, ConnectionError, TimeoutError):
        return False
