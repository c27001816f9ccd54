"""Redis: where it listens, and the password that it asks for."""

from native.configuration.files import COMPOSE, write_secretly
from native.layout import HOST, Layout
from native.security.accounts import secret


def configure(layout: Layout) -> None:
    home = layout.var / "redis"
    write_secretly(
        home / "redis.conf",
        f"include {COMPOSE / 'redis' / 'redis.conf'}\n"
        f"bind {HOST}\nport {layout.ports['redis']}\ndir {home}\n"
        f"requirepass {secret(layout.secrets, 'redis')}\n",
    )
