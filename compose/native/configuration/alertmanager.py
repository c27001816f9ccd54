"""Alertmanager: its file, which names the API by its service in Docker, and beside it the token that it shows there."""

from compose.native.accounts import secret
from compose.native.configuration.files import COMPOSE, write_secretly
from compose.native.layout import Layout


def configure(layout: Layout) -> None:
    home = layout.var / "alertmanager"
    home.mkdir(parents=True, exist_ok=True)
    told = (COMPOSE / "alertmanager" / "alertmanager.yml").read_text()
    (home / "alertmanager.yml").write_text(told.replace("http://api:8000", layout.address("api")))
    write_secretly(home / "token", secret(layout.secrets, "alertmanager"))
