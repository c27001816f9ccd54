"""Who carries rows to where they are read, as the settings choose. Pure."""

from enum import StrEnum


class IndexedBy(StrEnum):
    """Who carries changes of the table of transactions into the search index: the setting INDEXED_BY."""

    NOBODY = "nobody"
    RUN_INDEXER = "run_indexer"
    CONNECT = "connect"


class OutboxCarriedBy(StrEnum):
    """Who carries the outbox to its topics: the setting OUTBOX_CARRIED_BY."""

    RUN_RELAY = "run_relay"
    CONNECT = "connect"
