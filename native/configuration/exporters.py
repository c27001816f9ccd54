"""Whom exporters ask, and how each logs in there: with an account of its own that may ask for figures only."""

import shutil

from native.configuration.files import hand_over, write_env, write_secretly
from native.layout import HOST, Layout
from native.security.accounts import secret


def configure(layout: Layout) -> None:
    home = layout.var / "exporters"
    home.mkdir(parents=True, exist_ok=True)
    shutil.copy(layout.certificates / "ca.pem", home)
    write_secretly(
        home / "mysql.cnf",
        f"[client]\nhost={HOST}\nport={layout.ports['mysql']}\nssl-ca={home / 'ca.pem'}\n"
        f"user=exporter\npassword={secret(layout.secrets, 'mysql-exporter')}\n",
    )
    password = secret(layout.secrets, "elasticsearch-exporter")
    write_env(home / "elasticsearch.env", {"ES_USERNAME": "exporter", "ES_PASSWORD": password})
    write_env(home / "redis.env", {"REDIS_PASSWORD": secret(layout.secrets, "redis")})
    hand_over(home, layout.unprivileged)
