"""How many rows of the outbox have not reached their topics, and how long the oldest of them has waited.

run_relay deletes each row that its topic has. Debezium leaves them, and puts the id of each into its record's header
`id`; so what waits has a greater id than any record that came. Debezium carries rows in the order of their commits,
which is that of their ids but for transactions side by side: one of those rows may be counted a moment late.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from time import monotonic
from typing import Any

import structlog
from confluent_kafka import Consumer, KafkaException, Message, TopicPartition
from django.conf import settings
from django.db.models import Count, Min, QuerySet
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric

from events.time import in_millis
from streaming import clients
from streaming.carriers import OutboxCarriedBy
from streaming.inspecting.lag import begin_offsets, end_offsets
from streaming.log_reader import read, reader
from streaming.models import OutboxMessage
from streaming.partitioner import Partition
from streaming.topics import TOPICS

log = structlog.get_logger(__name__)
TAIL = 50
"""So many offsets before its end a partition's last records are looked for: ends of transactions take offsets, too."""
DOUBTED_AFTER = timedelta(seconds=5)
"""A row that seems to wait for longer is looked for among all records that came since it was written."""
COUNTED_AT_MOST = 10_000
"""Nobody waits every few seconds for a million rows to be counted: so many, and the oldest of them, say enough."""
CLOCKS_DIFFER_BY = timedelta(seconds=10)
"""at the most, those of the database and of the brokers"""
TIMEOUT_SECONDS = 2
ID = "id"


@dataclass(frozen=True, slots=True)
class Waiting:
    """Rows that no topic has yet: at least so many, where it is COUNTED_AT_MOST."""

    rows: int = 0
    since: datetime | None = None
    """when the oldest of them was written"""


def outbox() -> Iterator[Metric]:
    """What run_monitor exports to Prometheus; nothing while it cannot be known."""
    waits = waiting()
    if waits is None:
        return
    yield GaugeMetricFamily(
        "platform_outbox_waiting_rows",
        f"Rows of the outbox that no topic has yet; {COUNTED_AT_MOST}: so many or more.",
        value=waits.rows,
    )
    age = (timezone.now() - waits.since).total_seconds() if waits.since else 0.0
    yield GaugeMetricFamily(
        "platform_outbox_oldest_seconds",
        "How long the oldest row of the outbox that no topic has yet has waited; 0: none waits.",
        value=max(0.0, age),
    )


def waiting() -> Waiting | None:
    """The rows that wait, or None if it is not yet known what Kafka has."""
    if settings.OUTBOX_CARRIED_BY == OutboxCarriedBy.RUN_RELAY:
        return _count(OutboxMessage.objects.all())
    return carried().waiting()


def _count(rows: QuerySet[OutboxMessage]) -> Waiting:
    """The first rows by their ids: among them is the oldest one, unless clocks differ by more than they waited."""
    first = rows.order_by("pk")[:COUNTED_AT_MOST]
    return Waiting(**first.aggregate(rows=Count("pk"), since=Min("created_at")))


class Carried:
    """The greatest id that has come to a topic, looked up only when there are rows beyond it."""

    def __init__(self) -> None:
        self._up_to: int | None = None

    def waiting(self) -> Waiting | None:
        if self._up_to is not None and not self._rows_beyond().exists():
            return Waiting()
        try:
            self._take(ids_of_last_records())
            left = _count(self._rows_beyond())
            if left.since and timezone.now() - left.since > DOUBTED_AFTER:
                self._take(ids_since(left.since - CLOCKS_DIFFER_BY))
        except (KafkaException, TimeoutError) as error:
            # Nothing is carried meanwhile: what was known is still right.
            log.warning("the ends of topics cannot be read", error=str(error))
        return None if self._up_to is None else _count(self._rows_beyond())

    def _take(self, ids: Iterable[int]) -> None:
        self._up_to = max(ids, default=0) if self._up_to is None else max(self._up_to, *ids, 0)

    def _rows_beyond(self) -> QuerySet[OutboxMessage]:
        return OutboxMessage.objects.filter(pk__gt=self._up_to or 0)


@cache
def carried() -> Carried:
    return Carried()


def ids_of_last_records() -> list[int]:
    """The ids of rows that the last records of the outbox's topics came from."""
    admin = clients.admin()
    partitions = _partitions()
    begins, ends = begin_offsets(admin, partitions), end_offsets(admin, partitions)
    return _ids({each: max(begins[each], ends[each] - TAIL) for each in partitions if begins[each] < ends[each]})


def ids_since(moment: datetime) -> list[int]:
    """The ids of rows that came to the outbox's topics from a moment on, by the records' own times."""
    at = in_millis(moment)
    found = consumer().offsets_for_times([TopicPartition(*each, at) for each in _partitions()], timeout=TIMEOUT_SECONDS)
    return _ids({(each.topic, each.partition): each.offset for each in found if each.offset >= 0})


def _partitions() -> list[Partition]:
    topics = clients.admin().list_topics(timeout=TIMEOUT_SECONDS).topics
    names = [topic.value for topic in TOPICS.values() if topic.value in topics]
    return [(name, number) for name in names for number in topics[name].partitions]


@cache
def consumer() -> Consumer:
    return reader("monitoring")


def _ids(starts: Mapping[Partition, int]) -> list[int]:
    """The ids in all records from these offsets on, or in those that came in time; raises TimeoutError if none did."""
    until, ids = monotonic() + TIMEOUT_SECONDS, []
    for messages in read(consumer(), starts, patience=TIMEOUT_SECONDS):
        ids += [number for message in messages for number in ids_in(message)]
        if monotonic() > until:
            break
    return ids


def ids_in(message: Message) -> Iterator[int]:
    """Its row's id; nothing for a record that did not come by the outbox."""
    headers: Any = message.headers() or ()  # the package's types say less than its documentation
    yield from (int(value) for name, value in headers if name == ID and value and value.isdigit())
