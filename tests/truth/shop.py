"""Topics as lists and the workers' own handlers on them, so that every order of events can be tried in milliseconds."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction

import events
from analytics import consumers as analytics
from events import ChangedStatus
from fraud import consumers as fraud
from notifications import consumers as notifications
from streaming import clients
from streaming.consuming import misplaced
from streaming.consuming.deduplication import SeenEvents
from streaming.consuming.saved_chunks import SavedChunks
from streaming.messages import InvalidRecords
from streaming.models import OutboxMessage
from streaming.partitioner import Homes, Partition, home_of
from streaming.records import Batch, Record
from streaming.topics import TOPICS, Topic
from tests.columns import in_columns
from transactions import consumers as transactions
from transactions import services
from transactions.models import Transaction

PARTITIONS = 2
BEGIN = datetime(2026, 11, 22, 12, tzinfo=UTC)
READS = {
    "recorder": (Topic.TRANSACTIONS,),
    "fraud": (Topic.TRANSACTIONS, Topic.TRANSACTIONS_CORRECTIONS),
    "aggregator": (Topic.TRANSACTIONS, Topic.TRANSACTIONS_STATUS, Topic.TRANSACTIONS_CORRECTIONS),
    "notifier": (
        Topic.TRANSACTIONS, Topic.TRANSACTIONS_STATUS, Topic.TRANSACTIONS_CORRECTIONS, Topic.FRAUD_ALERTS,
    ),
}  # fmt: skip

TAKE_COLUMNS = {"recorder", "fraud", "aggregator", "notifier"}


class Shop:
    """Both doors, the outbox, and four workers, each of which goes on only when it is told to."""

    def __init__(self, window: int, columns: bool = False) -> None:
        """columns: workers are given plain orders in columns, where they take them."""
        self._columns = columns
        self.log: dict[Partition, list[Record[Any]]] = defaultdict(list)
        self.buried: dict[str, list[tuple[Record[Any], str]]] = defaultdict(list)
        self._received = 0
        self._committed: dict[tuple[str, Partition], int] = defaultdict(int)
        self._window, self._batches_added = window, 0
        self._seen = self._started()
        handlers: dict[str, Callable[[Batch[Any]], None]] = {
            "recorder": transactions.record,
            "fraud": fraud.detect_fraud,
            "aggregator": self._add_up,
            "notifier": notifications.notify,
        }
        homes = Homes(lambda topic: PARTITIONS)
        self._handlers = {
            group: misplaced.at_home(handle, homes, self._send_on if group == "recorder" else misplaced.leave)
            for group, handle in handlers.items()
        }

    def _started(self) -> SeenEvents:
        """What an aggregator has seen that has just started: nothing has to be read back."""
        return SeenEvents(
            self._window, _nothing_to_read_back, SavedChunks(analytics.APPLIED_AS, lambda partition, end: None)
        )

    def _add_up(self, batch: Batch[Any]) -> None:
        self._batches_added += 1
        if self._batches_added % 3 == 0:
            self._seen = self._started()
        analytics.add_up(batch, seen=self._seen)

    def send(self, event: Any, partition: int | None = None) -> None:
        """A producer tells of an event, on a partition of its choice or on the right one."""
        number = home_of(event.user_id, PARTITIONS) if partition is None else partition % PARTITIONS
        topic = TOPICS[type(event)]
        stretch = self.log[topic, number]
        self._received += 1
        at = BEGIN + timedelta(milliseconds=self._received)
        stretch.append(Record(event, topic, number, len(stretch), at))

    def post(self, *orders: events.Transaction) -> None:
        try:
            with transaction.atomic():
                services.create_transactions(orders=list(orders))
        except services.AlreadyExists:
            return

    def put(self, order_id: str, status: ChangedStatus) -> None:
        try:
            services.change_status(order_id=order_id, status=status)
        except (services.NotAllowed, services.AlreadyExists, Transaction.DoesNotExist):
            return

    def relay(self, most: int = 1000) -> int:
        rows = list(OutboxMessage.objects.order_by("pk")[:most])
        for row in rows:
            self.send(clients.codec().decode(Topic(row.topic), bytes(row.payload)))
            row.delete()
        return len(rows)

    def work(self, group: str, number: int, most: int = 1000) -> int:
        """Let a worker handle what comes next on a partition of each of its topics; returns how much that was."""
        return self._handle(group, self._next(group, number, most))

    def work_on_all(self, group: str) -> int:
        """Likewise on all partitions, in one batch."""
        return self._handle(group, [each for number in range(PARTITIONS) for each in self._next(group, number, 1000)])

    def _next(self, group: str, number: int, most: int) -> list[Record[Any]]:
        came: list[Record[Any]] = []
        for topic in READS[group]:
            begin = self._committed[group, (topic, number)]
            came += self.log[topic, number][begin : begin + most]
        return came

    def _handle(self, group: str, came: list[Record[Any]]) -> int:
        if came:
            try:
                batch = Batch(came)
                self._handlers[group](in_columns(batch) if self._columns and group in TAKE_COLUMNS else batch)
            except InvalidRecords as invalid:
                self.buried[group] += invalid.reasons
        for record in came:
            self._committed[group, (record.topic, record.partition)] = record.offset + 1
        return len(came)

    def work_to_the_end(self) -> None:
        while self.relay() + sum(self.work(group, number) for group in READS for number in range(PARTITIONS)):
            pass

    def deliver_again(self, group: str, number: int, back: int) -> None:
        """A commit was lost: the worker gets the last records of its partitions once more."""
        for topic in READS[group]:
            committed = self._committed[group, (topic, number)]
            self._committed[group, (topic, number)] = max(0, committed - back)

    def _send_on(self, records: Iterable[Record[Any]]) -> None:
        for record in records:
            self.send(record.event)


def _nothing_to_read_back(partition: Partition, begin: int, end: int) -> Iterable[tuple[str, int]]:
    raise AssertionError(f"{partition} was to be read back from {begin} to {end}, and all of it is saved")
