"""Each part's configuration beside its file in compose/: folders, ports, neighbours and secrets of this cluster."""

from native.configuration import (
    alertmanager,
    connect,
    elasticsearch,
    exporters,
    kafka,
    logins,
    mysql,
    platform,
    prometheus,
    redis,
    registry,
    zookeeper,
)
from native.layout import Layout

PARTS = (
    zookeeper,
    kafka,
    registry,
    connect,
    mysql,
    elasticsearch,
    redis,
    prometheus,
    alertmanager,
    exporters,
    logins,
    platform,
)


def configure_all(layout: Layout) -> None:
    """Write down every part's configuration."""
    for part in PARTS:
        part.configure(layout)
