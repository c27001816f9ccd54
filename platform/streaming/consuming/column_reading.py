"""Which of a batch's messages are read in columns, and which are left to be decoded one by one."""

from collections.abc import Sequence

import numpy as np
from confluent_kafka import TIMESTAMP_NOT_AVAILABLE, Message

from events.plausibility import Bounds
from events.transactions import Transaction
from streaming import clients
from streaming.columns import MOST_RECORDS, Delivered, Ints, Orders, plain_orders
from streaming.message_fields import value
from streaming.topics import Topic

FEW = 30
"""Fewer messages are decoded faster one by one: columns cost half a millisecond, however short they are."""

TOPIC = Topic.TRANSACTIONS.value


def read_in_columns(messages: Sequence[Message]) -> tuple[Orders | None, Sequence[Message]]:
    """The plain orders among them, and the messages that are left over, in order within each partition."""
    told = [message for message in messages if message.topic() == TOPIC][:MOST_RECORDS]
    if len(told) < FEW:
        return None, messages
    orders = plain_orders(_delivered(told), clients.codec().header_of(Transaction), Bounds.earliest)
    if len(orders) == len(messages):
        return orders, ()
    read = {id(told[place]) for place in orders.place.tolist()}
    return orders, [message for message in messages if id(message) not in read]


def _delivered(messages: Sequence[Message]) -> Delivered:
    return Delivered(
        TOPIC,
        [value(message) for message in messages],
        np.array([message.partition() for message in messages], np.int64),
        np.array([message.offset() for message in messages], np.int64),
        _received(messages),
    )


def _received(messages: Sequence[Message]) -> Ints:
    times = (message.timestamp() for message in messages)
    return np.array([-1 if kind == TIMESTAMP_NOT_AVAILABLE else millis for kind, millis in times], np.int64)
