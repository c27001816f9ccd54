"""Where the cluster's programs come from: Debian, of the machine or unpacked beside it; Maven Central; PyPI.

python -m native.packages.fetching --lock       write down Debian's present packages as those that are proven
"""

import argparse
import importlib
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from native.layout import ROOT, Layout
from native.packages import debian, libraries, proven

MYSQL_PACKAGES = ["mysql-server-core", "mysql-client-core"]
# Unpacked, not installed: installed, each of them would be a service of the machine, listening on every address.
MONITORING_PACKAGES = [
    "prometheus-alertmanager",
    "prometheus-mysqld-exporter",
    "prometheus-elasticsearch-exporter",
    "prometheus-redis-exporter",
    "prometheus-node-exporter",
    "mtail",
    "rsyslog",
    "rsyslog-elasticsearch",
]
COMPOSE_PACKAGES = ["docker-compose"]
ENGINE_PACKAGES = [
    "docker.io", "docker-cli", "docker-buildx", "docker-compose", "iptables", "tini", "slirp4netns", "debootstrap",
    "mount", "dash", "coreutils",
]  # fmt: skip
"""an engine of its own and what it needs around it, for tests/docker"""
WRK_PACKAGES = ["wrk"]
"""what measures the API, in bench"""
JAVA = {"java": "default-jre-headless"}
PROGRAMS = {"redis-server": "redis-server", "prometheus": "prometheus"} | JAVA
COMPILING = {"mysql_config": "default-libmysqlclient-dev", "pkg-config": "pkg-config", "gcc": "gcc libc6-dev"}


def fetch_everything(layout: Layout) -> None:
    """Have all programs of the cluster on this machine; raises NotInstalled."""
    debian.install_if_missing(PROGRAMS)
    fetch_mysql(layout)
    libraries.lay_out(layout.libraries)
    debian.unpack(MONITORING_PACKAGES, layout.monitoring)


def fetch_mysql(layout: Layout) -> None:
    """Have MySQL, and Django's driver for it; raises NotInstalled."""
    layout.libraries.mkdir(parents=True, exist_ok=True)
    debian.unpack(MYSQL_PACKAGES, layout.mysql)
    _install_mysqlclient()


def _install_mysqlclient() -> None:
    """Compile Django's driver for MySQL, for which there is no wheel."""
    requirements = ROOT / "requirements-mysql.txt"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if subprocess.run(
        [*pip, "--dry-run", "--no-index", "-r", requirements], capture_output=True, check=False
    ).returncode:
        debian.install_if_missing(COMPILING)
        subprocess.run([*pip, "-r", requirements], check=True)
        # This process may have looked for it already.
        importlib.invalidate_caches()


def main() -> None:
    parser = argparse.ArgumentParser("python -m native.packages.fetching")
    parser.add_argument("--lock", action="store_true", required=True)
    parser.parse_args()
    with TemporaryDirectory(prefix="debian-") as folder:
        found = [
            each
            for part in (MYSQL_PACKAGES, MONITORING_PACKAGES, ENGINE_PACKAGES, WRK_PACKAGES)
            for each in debian.fetch(part, Path(folder))
        ]
    proven.LOCK.write_text(proven.written(found))


if __name__ == "__main__":
    main()
