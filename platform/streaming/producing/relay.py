"""The outbox to its topics, for where no Debezium runs."""

from collections.abc import Mapping

from confluent_kafka import Producer

from streaming.clients import Outgoing, send_all
from streaming.models import OutboxMessage


def relay_once(producer: Producer, limit: int = 1000) -> int:
    """Send the oldest rows of the outbox in order, then delete them; returns their number.

    A row is deleted only after its acknowledgement, so a crash in between sends it twice and loses nothing. Rows are
    deleted by id rather than up to one, since a smaller id may still be on its way to commit.
    """
    rows = list(OutboxMessage.objects.order_by("id")[:limit])
    if rows:
        send_all(producer, map(outgoing, rows))
        OutboxMessage.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return len(rows)


def outgoing(row: OutboxMessage, also: Mapping[str, str] | None = None) -> Outgoing:
    """A row's record; also: further headers."""
    traced = {"traceparent": row.traceparent} if row.traceparent else {}
    headers = [(name, value.encode()) for name, value in {**traced, **(also or {})}.items()]
    return Outgoing(row.topic, row.message_key.encode(), bytes(row.payload), headers)
