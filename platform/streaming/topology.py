"""Who reads and writes which topics: one table, from which rights, processes and comparisons are taken."""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings

from streaming.carriers import IndexedBy, OutboxCarriedBy
from streaming.topics import EVENT_TYPES, Group, Topic

EVENTS = tuple(EVENT_TYPES)
"""What the platform's own events go to: by the outbox, by a worker, or from outside."""


@dataclass(frozen=True, slots=True)
class Worker:
    """A process that reads topics or writes to them."""

    name: str
    """of its process, of its account at Kafka, and of its target at Prometheus"""
    command: str
    """of manage.py"""
    group: str | None = None
    """plain, since the client of Kafka takes no member of an enum for a name: one of Group's values"""
    reads: tuple[Topic, ...] = ()
    """as this group, which writes their dead letters"""
    writes: tuple[Topic, ...] = ()
    runs_where: tuple[str, str] | None = None
    """a setting, and its value with which this worker has something to do; None: everywhere"""


RECORDER = Worker(
    "recorder",
    "run_recorder",
    Group.RECORDER.value,
    reads=(Topic.TRANSACTIONS,),
    # It sends on what lies on a partition of other users.
    writes=(Topic.TRANSACTIONS,),
)
FRAUD = Worker(
    # The requirements name the command.
    "fraud",
    "run_consumer",
    Group.FRAUD.value,
    reads=(Topic.TRANSACTIONS, Topic.TRANSACTIONS_CORRECTIONS),
)
AGGREGATOR = Worker(
    "aggregator",
    "run_aggregator",
    Group.AGGREGATOR.value,
    reads=(Topic.TRANSACTIONS, Topic.TRANSACTIONS_STATUS, Topic.TRANSACTIONS_CORRECTIONS),
)
NOTIFIER = Worker("notifier", "run_notifier", Group.NOTIFIER.value, reads=EVENTS)
INDEXER = Worker(
    "indexer",
    "run_indexer",
    Group.INDEXER.value,
    reads=(Topic.MYSQL_TRANSACTIONS,),
    runs_where=("INDEXED_BY", IndexedBy.RUN_INDEXER),
)
RELAY = Worker("relay", "run_relay", writes=EVENTS, runs_where=("OUTBOX_CARRIED_BY", OutboxCarriedBy.RUN_RELAY))

WORKERS = (RECORDER, FRAUD, AGGREGATOR, NOTIFIER, INDEXER, RELAY)
EVERYWHERE = tuple(worker for worker in WORKERS if worker.runs_where is None)


def configured(name: str) -> object:
    """The value of a setting of this process."""
    return getattr(settings, name)


def is_in_use(worker: Worker, setting: Callable[[str], object] = configured) -> bool:
    """Whether a worker has something to do as the settings have it; setting: the value of each by its name."""
    if worker.runs_where is None:
        return True
    name, value = worker.runs_where
    return setting(name) == value


def readers(*, in_use: bool = True) -> dict[str, tuple[Topic, ...]]:
    """The consumer groups of workers that are in use, or of the others, and what each reads."""
    return {worker.group: worker.reads for worker in WORKERS if worker.group and is_in_use(worker) is in_use}
