"""Events straight to their topics."""

from collections.abc import Iterable
from functools import cache

from confluent_kafka import Producer

from streaming import clients
from streaming.clients import Outgoing, send_all
from streaming.topics import TOPICS, Event


def send_to_topics(events: Iterable[Event]) -> int:
    """Send events, each to its topic under its user's key, and wait for the acknowledgements; returns their number.

    Raises NotDelivered.
    """
    encode = clients.codec().encode
    records = (Outgoing(TOPICS[type(event)], str(event.user_id).encode(), encode(event)) for event in events)
    return send_all(producer(), records)


@cache
def producer() -> Producer:
    # One for the process, made at its first use: librdkafka's threads do not survive a fork.
    return clients.producer()
