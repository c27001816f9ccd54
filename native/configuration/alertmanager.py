"""Alertmanager: its file, which names the API by its service in Docker, and beside it the token that it shows there."""

from native.configuration.files import COMPOSE, write_secretly
from native.layout import Layout
from native.security.accounts import secret


def configure(layout: Layout) -> None:
    home = layout.var / "alertmanager"
    home.mkdir(parents=True, exist_ok=True)
    text = (COMPOSE / "alertmanager" / "alertmanager.yml").read_text()
    (home / "alertmanager.yml").write_text(text.replace("http://api:8000", layout.address("api")))
    write_secretly(home / "token", secret(layout.secrets, "alertmanager"))
