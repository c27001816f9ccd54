"""Announcing a change to others, by a row in the same database transaction."""

from collections.abc import Iterable

from django.db import connection
from django.utils import timezone

from database.inserting import insert_rows
from database.values import stored
from streaming.clients import codec
from streaming.models import OutboxMessage
from streaming.telemetry import tracing
from streaming.topics import TOPICS, Event

COLUMNS = ("topic", "message_key", "payload", "traceparent", "created_at")


def enqueue(events: Iterable[Event]) -> None:
    """Put events into the outbox; raises RuntimeError outside a database transaction."""
    if not connection.in_atomic_block:
        raise RuntimeError("enqueue() belongs into the database transaction that makes the change")
    encode, now = codec().encode, stored(timezone.now())
    rows = [
        (TOPICS[type(event)].value, str(event.user_id), encode(event), tracing.traceparent(event), now)
        for event in events
    ]
    insert_rows(OutboxMessage, COLUMNS, rows)
