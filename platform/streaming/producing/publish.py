"""Events straight to their topics."""

from collections.abc import Callable, Iterable
from functools import cache

from confluent_kafka import Message, Producer

from streaming import clients
from streaming.clients import Outgoing, send_all
from streaming.message_fields import origin
from streaming.topics import TOPICS, Event


def send_to_topics(events: Iterable[Event], acknowledged: Callable[[str], None] = lambda words: None) -> int:
    """Send events, each to its topic under its user's key, and wait for the acknowledgements; returns their number.

    acknowledged: called with where each event stands now, in words. Raises NotDelivered.
    """
    encode = clients.codec().encode
    records = (Outgoing(TOPICS[type(event)], str(event.user_id).encode(), encode(event)) for event in events)
    return send_all(producer(), records, lambda message: acknowledged(in_words(message)))


def in_words(message: Message) -> str:
    """Where a record stands: transactions[1]@2042, key '7'."""
    key = message.key()
    name = key.decode() if isinstance(key, bytes) else key
    return f"{origin(message)}, key {name!r}"


@cache
def producer() -> Producer:
    # One for the process, made at its first use: librdkafka's threads do not survive a fork.
    return clients.producer()
