"""Elasticsearch: its folder of configuration, its users, and how indices are made."""

import base64
import shutil
import ssl
from urllib.request import Request

from native.configuration.files import COMPOSE, copy_certificates, hand_over, write_secretly
from native.layout import Layout
from native.loopback import urlopen
from native.security.accounts import secret
from native.security.logins import ELASTICSEARCH_USERS, pbkdf2


def configure(layout: Layout) -> None:
    """Its folder of configuration: the distribution's, ours over it, certificate and user."""
    home = layout.var / "elasticsearch"
    config = home / "config"
    for folder in ("data", "log", "tmp"):
        (home / folder).mkdir(parents=True, exist_ok=True)
    shutil.copytree(layout.libraries / "elasticsearch" / "config", config, dirs_exist_ok=True)
    for name in ("elasticsearch.yml", "roles.yml"):
        shutil.copy(COMPOSE / "elasticsearch" / name, config)
    shutil.copy(COMPOSE / "elasticsearch" / "platform.options", config / "jvm.options.d")
    copy_certificates(layout, "elasticsearch", config)
    passwords = {user: secret(layout.secrets, f"elasticsearch-{user}") for user in ELASTICSEARCH_USERS}
    write_secretly(config / "users", "".join(f"{user}:{pbkdf2(each)}\n" for user, each in passwords.items()))
    write_secretly(config / "users_roles", "".join(f"{user}:{user}\n" for user in passwords))
    hand_over(home, layout.unprivileged)


def put_template(layout: Layout, name: str) -> None:
    """Put the index templates into a running Elasticsearch that stand in compose/elasticsearch."""
    put = Request(
        f"{layout.address('elasticsearch', 'https')}/_index_template/{name}",
        (COMPOSE / "elasticsearch" / f"{name}.json").read_bytes(),
        {
            "Content-Type": "application/json",
            "Authorization": basic("platform", secret(layout.secrets, "elasticsearch-platform")),
        },
        method="PUT",
    )
    context = ssl.create_default_context(cafile=str(layout.certificates / "ca.pem"))
    with urlopen(put, timeout=30, context=context):
        pass


def basic(user: str, password: str) -> str:
    """The header by which one logs in over HTTP."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
