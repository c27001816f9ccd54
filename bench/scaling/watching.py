"""Who looks whether orders have become visible: in the table of alerts, by the API, or in the topic of a peer."""

import http.client
import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import cycle
from typing import Any

import numpy as np

from bench.mysql import MySQL
from bench.scaling.pace import Sightings, watched_users
from bench.sqlite import SQLite
from bench.workers.broker import SUMS, Broker, content
from bench.workers.checking import Wrong, refuse
from bench.workers.load_data import connected

Look = Callable[[], None]
"""Waits a little, looks once, and notes what it sees."""

ALERTS_EVERY_SECONDS = 0.005
API_EVERY_SECONDS = 0.01
ANSWER_SECONDS = 30


@contextmanager
def in_table(database: MySQL | SQLite, found: Sightings) -> Iterator[Look]:
    """Reads which alerts have been committed, on a connection of its own."""
    last = 0
    with closing(_connection(database)) as connection, closing(connection.cursor()) as cursor:

        def look() -> None:
            nonlocal last
            time.sleep(ALERTS_EVERY_SECONDS)
            cursor.execute(f"SELECT id, order_id FROM fraud_fraudalert WHERE id > {last} ORDER BY id")
            rows, now = cursor.fetchall(), time.monotonic()
            for last, order_id in rows:  # noqa: B007 - the last is kept
                found.note_order(int(order_id.rpartition("-")[2]), now)

        yield look


def _connection(database: MySQL | SQLite) -> Any:
    if isinstance(database, SQLite):
        return sqlite3.connect(f"file:{database.file}?mode=ro", uri=True, isolation_level=None)
    connection = connected(database)
    connection.autocommit(True)
    return connection


@contextmanager
def by_api(port: int, token: str, found: Sightings) -> Iterator[Look]:
    """Asks for the hourly totals of one watched user after another, as a client that keeps its connection."""
    users = cycle(watched_users(found.orders.partitions))
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)) as connection:

        def look() -> None:
            time.sleep(API_EVERY_SECONDS)
            user = next(users)
            connection.request("GET", f"/analytics/users/{user}/hourly", headers={"Authorization": f"Bearer {token}"})
            answer = connection.getresponse()
            told, now = json.load(answer), time.monotonic()
            if answer.status != http.HTTPStatus.OK:
                raise Wrong(f"The API answers with {answer.status}: {told}")
            sums = told["sums"]
            cents = int(sums["total_amount"].replace(".", ""))
            refuse("The API", found.note_total(user, sums["transaction_count"], cents, now))

        yield look


@contextmanager
def in_topic(broker: Broker, topic: str, found: Sightings) -> Iterator[Look]:
    """Reads what Streams has committed to its topic of totals."""
    users = watched_users(found.orders.partitions)
    with broker.reader(topic) as consumer:

        def look() -> None:
            messages, now = consumer.consume(1000, ALERTS_EVERY_SECONDS), time.monotonic()
            for user, _, cents, number in np.frombuffer(content(messages), SUMS).tolist():
                if user in users:
                    refuse("Kafka Streams", found.note_total(user, number, cents, now))

        yield look
