"""Who reads and writes which topics: one table, from which rights, processes and comparisons are taken."""

from dataclasses import dataclass

from django.conf import settings

from streaming.carriers import IndexedBy, OutboxCarriedBy
from streaming.topics import Group, Topic

EVENTS = (Topic.TRANSACTIONS, Topic.TRANSACTIONS_STATUS, Topic.TRANSACTIONS_CORRECTIONS, Topic.FRAUD_ALERTS)
"""What the platform's own events go to: by the outbox, by a worker, or from outside."""


@dataclass(frozen=True, slots=True)
class Worker:
    """A process that reads topics or writes to them."""

    name: str
    """of its process, of its account at Kafka, and of its target at Prometheus"""
    command: str
    """of manage.py"""
    group: Group | None = None
    reads: tuple[Topic, ...] = ()
    """as this group, which writes their dead letters"""
    writes: tuple[Topic, ...] = ()
    runs_where: tuple[str, str] | None = None
    """a setting, and its value with which this worker has something to do; None: everywhere"""


RECORDER = Worker(
    "recorder",
    "run_recorder",
    Group.RECORDER,
    reads=(Topic.TRANSACTIONS,),
    # It sends on what lies on a partition of other users.
    writes=(Topic.TRANSACTIONS,),
)
FRAUD = Worker(
    # The requirements name the command.
    "fraud",
    "run_consumer",
    Group.FRAUD,
    reads=(Topic.TRANSACTIONS, Topic.TRANSACTIONS_CORRECTIONS),
)
AGGREGATOR = Worker(
    "aggregator",
    "run_aggregator",
    Group.AGGREGATOR,
    reads=(Topic.TRANSACTIONS, Topic.TRANSACTIONS_STATUS, Topic.TRANSACTIONS_CORRECTIONS),
)
NOTIFIER = Worker("notifier", "run_notifier", Group.NOTIFIER, reads=EVENTS)
INDEXER = Worker(
    "indexer",
    "run_indexer",
    Group.INDEXER,
    reads=(Topic.MYSQL_TRANSACTIONS,),
    runs_where=("INDEXED_BY", IndexedBy.RUN_INDEXER),
)
RELAY = Worker("relay", "run_relay", writes=EVENTS, runs_where=("OUTBOX_CARRIED_BY", OutboxCarriedBy.RUN_RELAY))

WORKERS = (RECORDER, FRAUD, AGGREGATOR, NOTIFIER, INDEXER, RELAY)
EVERYWHERE = tuple(worker for worker in WORKERS if worker.runs_where is None)


def is_in_use(worker: Worker) -> bool:
    """Whether a worker has something to do as the settings have it."""
    if worker.runs_where is None:
        return True
    setting, value = worker.runs_where
    return bool(getattr(settings, setting) == value)


def readers(*, in_use: bool = True) -> dict[str, tuple[Topic, ...]]:
    """The consumer groups of workers that are in use, or of the others, and what each reads."""
    # Plain strings: the client of Kafka takes none that are members of an enum, and says that the name is missing.
    return {worker.group.value: worker.reads for worker in WORKERS if worker.group and is_in_use(worker) is in_use}
