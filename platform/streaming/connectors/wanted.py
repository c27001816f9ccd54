"""The connectors of this project: which of them the settings want, and what the others leave behind."""

from django.conf import settings

from streaming import topology
from streaming.carriers import IndexedBy, OutboxCarriedBy
from streaming.connectors.connect import Connector

CDC, OUTBOX, SINK = "transactions-cdc", "outbox", "elasticsearch-sink"


def wanted() -> list[Connector]:
    """The connectors that belong to the platform as the settings have it, in the order in which they are deployed."""
    used = {
        CDC: settings.INDEXED_BY != IndexedBy.NOBODY,
        OUTBOX: settings.OUTBOX_CARRIED_BY == OutboxCarriedBy.CONNECT,
        SINK: settings.INDEXED_BY == IndexedBy.CONNECT,
    }
    return [_read(name) for name in used if used[name]]


def out_of_use() -> list[Connector]:
    """This project's other connectors; whatever else runs in Connect is not ours."""
    names = {connector.name for connector in wanted()}
    return [_read(name) for name in (CDC, OUTBOX, SINK) if name not in names]


def groups_out_of_use() -> list[str]:
    """The consumer groups of connectors and workers that the settings do not want: nobody reads on there."""
    of_connectors = {connector.group for connector in out_of_use() if connector.group}
    return sorted(of_connectors | topology.readers(in_use=False).keys())


def _read(name: str) -> Connector:
    return Connector.read(settings.BASE_DIR / "connectors" / f"{name}.json")
