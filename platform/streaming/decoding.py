"""From a message to the event in it, or the reason why there is none."""

from datetime import datetime

from confluent_kafka import Message

from events import ImpossibleEvent, check_plausible
from streaming import clients, message_fields
from streaming.message_fields import is_packed
from streaming.messages import ImplausibleMessage, InvalidMessage
from streaming.records import Record
from streaming.topics import Event, Topic


def decode(message: Message) -> Record[Event]:
    """The event in a message, found plausible; raises InvalidMessage."""
    received = received_at(message)
    topic = Topic(str(message.topic()))
    event = clients.codec().decode(topic, message_fields.value(message))
    try:
        check_plausible(event, received)
    except ImpossibleEvent as impossible:
        raise ImplausibleMessage(str(impossible)) from impossible
    return message_fields.record_of(event, message, received)


def received_at(message: Message) -> datetime:
    """When the broker received a message, by its own clock; raises InvalidMessage if it has no such time."""
    if is_packed(message):
        raise InvalidMessage(f"it cannot be unpacked: {message.error()}")
    if (received := message_fields.received_at(message)) is None:
        raise ImplausibleMessage(f"its timestamp {message.timestamp()[1]} is no moment")
    return received
