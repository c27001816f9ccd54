"""Events as columns of a topic, where a test needs no broker to have them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from events import Transaction
from events.plausibility import MAX_USER_ID, Bounds
from events.time import in_millis
from streaming import clients
from streaming.columns import Orders
from streaming.plain_orders import Delivered, plain_orders
from streaming.records import Batch, Record
from streaming.topics import Topic
from tests.records import records

TOPIC = Topic.TRANSACTIONS.value


def orders(*events: Transaction, **place: Any) -> Orders:
    """These events, placed as records() places them, as far as they are plain."""
    return of_records(records(*events, **place))


def of_records(told: Sequence[Record[Any]]) -> Orders:
    codec = clients.codec()
    columns = delivered(
        [codec.encode(record.event) for record in told],
        [record.offset for record in told],
        [in_millis(record.received_at) for record in told],
        [record.partition for record in told],
    )
    return plain_orders(columns, codec.header_of(Transaction), Bounds.earliest)


def in_columns(batch: Batch[Any]) -> Batch[Any]:
    """The batch, with those of its records in columns that are plain orders."""
    told = [record for record in batch.records if record.topic == TOPIC and abs(record.event.user_id) <= MAX_USER_ID]
    found = of_records(told)
    taken = {id(told[place]) for place in found.place.tolist()}
    return Batch([record for record in batch.records if id(record) not in taken], found)


def delivered(
    values: Sequence[bytes | None],
    offsets: Sequence[int],
    received: Sequence[int],
    partitions: Sequence[int],
) -> Delivered:
    return Delivered(TOPIC, values, *(np.array(column, np.int64) for column in (partitions, offsets, received)))
