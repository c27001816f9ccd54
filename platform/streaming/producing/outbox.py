"""Announcing a change to others, by a row in the same database transaction."""

from collections.abc import Iterable

from django.db import connection

from streaming.clients import codec
from streaming.models import OutboxMessage
from streaming.telemetry import tracing
from streaming.topics import TOPICS, Event


def enqueue(events: Iterable[Event]) -> list[OutboxMessage]:
    """Put events into the outbox; raises RuntimeError outside a database transaction."""
    if not connection.in_atomic_block:
        raise RuntimeError("enqueue() belongs into the database transaction that makes the change")
    encode = codec().encode
    return OutboxMessage.objects.bulk_create(
        OutboxMessage(
            topic=TOPICS[type(event)],
            message_key=str(event.user_id),
            payload=encode(event),
            traceparent=tracing.traceparent(event),
        )
        for event in events
    )
