"""The outbox to its topics, for where no Debezium runs."""

from confluent_kafka import Producer

from database.deleting import delete_rows
from streaming.clients import Outgoing, send_all
from streaming.models import OutboxMessage

SENT = ("topic", "message_key", "payload", "traceparent")
"""the columns of which a row's record is made"""


def relay_once(producer: Producer, limit: int = 1000) -> int:
    """Send the oldest rows of the outbox in order, then delete them; returns their number.

    A row is deleted only after its acknowledgement, so a crash in between sends it twice and loses nothing. Rows are
    deleted by id rather than up to one, since a smaller id may still be on its way to commit.
    """
    rows = list(OutboxMessage.objects.order_by("id").values_list("pk", *SENT)[:limit])
    if rows:
        send_all(producer, (outgoing(*sent) for _, *sent in rows))
        delete_rows(OutboxMessage, [pk for pk, *_ in rows])
    return len(rows)


def outgoing(topic: str, key: str, payload: bytes, traceparent: str | None, *also: tuple[str, bytes]) -> Outgoing:
    """The record of a row, whose columns SENT these are; also: further headers."""
    traced = [("traceparent", traceparent.encode())] if traceparent else []
    return Outgoing(topic, key.encode(), payload, [*traced, *also])
