"""Announcing a change to others, by a row in the same database transaction."""

from collections.abc import Iterable, Sequence

from django.db import connection
from django.utils import timezone

from database.inserting import insert_rows
from database.values import stored
from streaming.clients import codec
from streaming.models import OutboxMessage
from streaming.telemetry import tracing
from streaming.topics import TOPICS, Event

COLUMNS = ("topic", "message_key", "payload", "traceparent", "created_at")


Message = tuple[str, str, bytes, str | None, str]
"""a row, as COLUMNS has it"""


def enqueue(events: Iterable[Event]) -> None:
    """Put events into the outbox; raises RuntimeError outside a database transaction."""
    put(messages_of(events))


def messages_of(events: Iterable[Event]) -> list[Message]:
    """Events as the outbox keeps them. Asks no database: many are best encoded before anything is locked."""
    encode, now = codec().encode, stored(timezone.now())
    return [
        (TOPICS[type(event)].value, str(event.user_id), encode(event), tracing.traceparent(event), now)
        for event in events
    ]


def put(messages: Sequence[Message]) -> None:
    """Put them there; raises RuntimeError outside a database transaction."""
    if not connection.in_atomic_block:
        raise RuntimeError("what is published belongs into the database transaction that makes the change")
    insert_rows(OutboxMessage, COLUMNS, messages)
