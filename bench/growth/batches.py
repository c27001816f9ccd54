"""What workers do with a batch of the topic, and the API with orders, on the tables as large as they are."""

import json
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from django.test import Client
from django.utils import timezone

import events
from analytics.consumers import add_up
from analytics.models import ShopHour
from bench.growth.asking import Question, checked, client
from events import Status
from events.ids import new_id
from fraud.consumers import detect_fraud
from notifications.consumers import notify
from streaming.consuming.deduplication import SeenEvents
from streaming.records import Batch, Record
from streaming.topics import Topic
from transactions.consumers import record
from transactions.models import Transaction

ORDERS = 1000
BATCH_MS = 1000
"""A batch of so many within a second."""
ONE_MS = 150
PARTITION = 99
"""which nothing else writes to"""
WINDOW = 100_000


def questions(tokens: dict[str, str]) -> Iterator[Question]:
    users = Transaction.objects.order_by("-user_id").values_list("user_id", flat=True)[0]
    hours = list(ShopHour.objects.values_list("hour", flat=True))
    orders = Orders(users, hours)
    seen = SeenEvents(WINDOW, lambda partition, begin, end: ())
    yield _of_a_worker("recorder, new orders", orders.batch, record)
    yield _of_a_worker("fraud", orders.batch, detect_fraud)
    yield _of_a_worker("aggregator, hours that are there", orders.batch_of_old, lambda batch: add_up(batch, seen=seen))
    yield _of_a_worker("aggregator, a new hour", orders.batch, lambda batch: add_up(batch, seen=seen))
    yield _of_a_worker("notifier, new orders", orders.batch, notify)
    shop = client(authorization=f"Bearer {tokens['shop']}")
    yield Question("POST /transactions, shop", ONE_MS, _post(shop, orders.body))
    yield Question("POST /transactions, 1,000 orders, shop", BATCH_MS, _post(shop, orders.list))


def _of_a_worker(name: str, batch: Callable[[], Batch[Any]], handle: Callable[[Batch[Any]], None]) -> Question:
    return Question(f"worker: {name}, batch of 1,000", BATCH_MS, lambda: handle(batch()))


def _post(shop: Client, body: Callable[[], Any]) -> Callable[[], str]:
    path = "/transactions"
    return lambda: checked(shop.post(path, json.dumps(body()), content_type="application/json"), path, {201})


class Orders:
    """Orders of users that are known, as the topic or a shop brings them."""

    def __init__(self, users: int, hours: list[datetime]) -> None:
        self._chance = random.Random(7)
        self._users = users
        self._hours = hours
        self._offsets = count()

    def body(self) -> dict[str, Any]:
        return {"user_id": self._chance.randint(1, self._users), "amount": "19.99", "status": "SUCCESS"}

    def list(self) -> list[dict[str, Any]]:
        return [self.body() for _ in range(ORDERS)]

    def batch(self) -> Batch[Any]:
        """Of this moment."""
        now = timezone.now().replace(microsecond=0)
        return Batch([self._record(now) for _ in range(ORDERS)])

    def batch_of_old(self) -> Batch[Any]:
        """Of hours for which every user has a total."""
        return Batch([self._record(self._chance.choice(self._hours) + timedelta(minutes=5)) for _ in range(ORDERS)])

    def _record(self, at: datetime) -> Record[Any]:
        user = self._chance.randint(1, self._users)
        event = events.Transaction(new_id(), user, 19.99, Status.SUCCESS, at)
        return Record(event, Topic.TRANSACTIONS, PARTITION, next(self._offsets), datetime.now(UTC))
