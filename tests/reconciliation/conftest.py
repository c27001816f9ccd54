from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from io import StringIO
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient
from django.core.management import call_command

from analytics import consumers as analytics
from events import ChangedStatus, Status, Transaction
from fraud import consumers as fraud
from reconciliation.services import TOPICS
from streaming.consuming.deduplication import SeenEvents
from streaming.inspecting.topic_scan import TopicScan
from streaming.messages import InvalidRecords
from streaming.producing import publish
from streaming.producing.relay import relay_once
from streaming.records import Batch
from streaming.topics import Topic
from transactions import consumers as transactions
from transactions.services import change_status, create_transactions

TWO = datetime(2026, 11, 22, 14, tzinfo=UTC)


class Shop:
    """What is sold, by both doors; and the platform's workers, each of which does all that it has not done yet."""

    def send(self, *orders: Transaction) -> None:
        publish.send_to_topics(orders)

    def post(self, *orders: Transaction) -> None:
        create_transactions(orders=list(orders))

    def change(self, order_id: str, *statuses: ChangedStatus) -> None:
        for status in statuses:
            change_status(order_id=order_id, status=status)

    def relay(self) -> None:
        while relay_once(publish.producer()):
            pass

    def work(self, *, record: bool = True, watch: bool = True, add_up: bool = True, relay: bool = True) -> None:
        """Relay everything, and let these workers apply all that the topics hold; then relay what they told."""
        self.relay()
        handlers: list[Callable[[Batch[Any]], None]] = []
        if record:
            handlers.append(_only(transactions.record, Topic.TRANSACTIONS))
        if watch:
            handlers.append(_only(fraud.detect_fraud, Topic.TRANSACTIONS, Topic.TRANSACTIONS_CORRECTIONS))
        if add_up:
            seen = SeenEvents(1000, lambda *_: ())
            handlers.append(partial(analytics.add_up, seen=seen))
        for batch in batches():
            for handle in handlers:
                with suppress(InvalidRecords):
                    handle(batch)
        if relay:
            self.relay()


def _only(handle: Callable[[Batch[Any]], None], *topics: Topic) -> Callable[[Batch[Any]], None]:
    return lambda batch: handle(Batch([each for each in batch.records if each.topic in topics]))


def batches() -> Iterator[Batch[Any]]:
    history = TopicScan("test-reader", TOPICS, [])
    try:
        for told in history.read():
            if told:
                yield Batch([each.record for each in told])
    finally:
        history.close()


@pytest.fixture
def shop(kafka: AdminClient, db: None) -> Shop:
    """A shop whose topics have just been made, and nothing was ever deleted from them."""
    names = [name for topic in TOPICS for name in (topic.value, topic.dead_letters)]
    for deleted in kafka.delete_topics(names).values():
        deleted.result()
    call_command("create_topics", stdout=StringIO())
    return Shop()


@pytest.fixture
def day(shop: Shop) -> Shop:
    """A day's business: orders of both doors, paid, failed and refunded, a suspicious one, some sent twice."""
    sent = [
        Transaction(f"k-{n}", n % 7, n + 0.55, list(Status)[n % 3], TWO + timedelta(minutes=7 * n)) for n in range(100)
    ]
    shop.send(*sent, Transaction("k-huge", 3, 10_000_000.01, Status.SUCCESS, TWO), *sent[:5])
    shop.post(*(Transaction(f"p-{n}", n, 10.10 + n, Status.PENDING, TWO) for n in range(10)))
    for n in range(6):
        shop.change(f"p-{n}", ChangedStatus.SUCCESS)
    shop.change("p-0", ChangedStatus.REFUNDED)
    shop.change("p-7", ChangedStatus.FAILED)
    shop.work()
    return shop
