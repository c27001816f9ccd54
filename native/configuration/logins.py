"""The files in which brokers log logins, and what compose/kafka/rsyslog.conf takes from the environment."""

import shutil

from native.configuration.files import hand_over, write_env
from native.layout import HOST, NODES, Layout
from native.security.accounts import secret


def configure(layout: Layout) -> None:
    logs, home = layout.var / "log", layout.var / "rsyslog"
    for folder in (logs, home):
        folder.mkdir(parents=True, exist_ok=True)
    for node in NODES:
        # Of a file that it first sees with lines in it, mtail counts only those that follow.
        (logs / f"authentication-{node}.log").touch()
    shutil.copy(layout.certificates / "ca.pem", home)
    write_env(
        home / "rsyslog.env",
        {
            "LOGS": str(logs),
            "RSYSLOG_HOME": str(home),
            "ELASTICSEARCH_HOST": HOST,
            "ELASTICSEARCH_PORT": str(layout.ports["elasticsearch"]),
            "ELASTICSEARCH_PASSWORD": secret(layout.secrets, "elasticsearch-logs"),
            "CA_FILE": str(home / "ca.pem"),
        },
    )
    hand_over(home, layout.unprivileged)
