"""Which of a batch's messages are read in columns, and which are left to be decoded one by one."""

from collections.abc import Sequence, Set
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from confluent_kafka import TIMESTAMP_NOT_AVAILABLE, Message

from events.plausibility import Bounds
from events.transactions import Transaction
from streaming import clients
from streaming.columns import MOST_RECORDS, Ints, Orders
from streaming.message_fields import partition, value
from streaming.messages import Arrived
from streaming.partitioner import Partition
from streaming.plain_orders import MOST_BYTES, Delivered, Stretch, orders_in, plain_orders
from streaming.records import Record
from streaming.topics import Topic

if TYPE_CHECKING:
    # Bring librdkafka along, which is not to be used everywhere.
    from streaming.librdkafka.held import Held, Unloaded

FEW = 30
"""Fewer messages are decoded one by one: what columns would spare is little beside what any batch costs."""

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


def unload(held: "Held", ours: Set[Partition]) -> Arrived | None:
    """What a BareConsumer holds, given back to it; None, and all is still held, if it is to be read row by row.

    That is: a few messages only, an error among them, or a partition that is not ours.
    """
    if len(held) < FEW or (last := held.last()) is None or not last.keys() <= ours:
        return None
    size = len(held)
    found = held.unloaded(TOPIC, MOST_BYTES)
    stretch = Stretch(TOPIC, found.octets, found.begins, found.ends, found.partition, found.offset, found.received)
    orders = orders_in(stretch, clients.codec().header_of(Transaction), Bounds.earliest)
    doubted = np.delete(np.arange(len(found.offset)), orders.place).tolist()
    others = dict(found.others) | {
        place: found.delivery(at) for place, at in zip(found.place[doubted].tolist(), doubted, strict=True)
    }
    rest = cast("list[Message]", [others[place] for place in sorted(others)])
    return Arrived(size, orders, rest, cast("dict[Partition, Message]", last), partial(_messages_of, found, rest))


def _messages_of(found: "Unloaded", rest: Sequence[Message], records: Sequence[Record[Any]]) -> list[Message]:
    at = {(*partition(each), each.offset()): each for each in rest}
    return [at.get((each.topic, each.partition, each.offset)) or _in_columns(found, each) for each in records]


def _in_columns(found: "Unloaded", record: Record[Any]) -> Message:
    (at,) = np.flatnonzero((found.partition == record.partition) & (found.offset == record.offset)).tolist()
    return cast("Message", found.delivery(at))
