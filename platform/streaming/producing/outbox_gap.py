"""Rows of the outbox that are in no topic, and publishing them.

Debezium puts the id of each row into its record's header `id`, and leaves the row. So what stands in the table and not
in the topics was never published: a connector that lost its place in the binlog passed over it.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from zlib import crc32

from confluent_kafka import Consumer, Message, Producer
from django.db.models import Min

from streaming.clients import send_all
from streaming.inspecting.outbox_lag import CLOCKS_DIFFER_BY, ID, ids_in
from streaming.log_reader import begins, offsets_at, read
from streaming.models import OutboxMessage
from streaming.producing.relay import SENT, outgoing
from streaming.topics import TOPICS

ROWS_AT_ONCE = 1000


def unpublished(consumer: Consumer) -> list[int]:
    """The ids of the rows that no topic has, in order; consumer: a reader of committed records.

    Takes some 150 bytes a row. Raises TimeoutError while Kafka is silent, and KafkaException.
    """
    oldest = OutboxMessage.objects.aggregate(oldest=Min("created_at"))["oldest"]
    if oldest is None:
        return []
    left = dict(_checksums())
    for message in _published_since(consumer, oldest):
        for row_id in ids_in(message):
            # Anybody's record may bear any id: only one that holds what the row holds is the row's.
            if left.get(row_id) == crc32(message.value() or b""):
                del left[row_id]
    return sorted(left)


def republish(producer: Producer, ids: Sequence[int]) -> int:
    """Send these rows in order, as Debezium does, and leave them; returns their number. Raises NotDelivered."""
    sent = 0
    for start in range(0, len(ids), ROWS_AT_ONCE):
        rows = OutboxMessage.objects.filter(pk__in=ids[start : start + ROWS_AT_ONCE]).order_by("pk")
        columns = rows.values_list("pk", *SENT)
        sent += send_all(producer, [outgoing(*row, (ID, str(pk).encode())) for pk, *row in columns])
    return sent


def _checksums() -> Iterator[tuple[int, int]]:
    """Each row's id and the checksum of its payload. By pages: MySQL's driver fetches all that is asked for."""
    after = 0
    while page := OutboxMessage.objects.filter(pk__gt=after).order_by("pk").values_list("pk", "payload")[:ROWS_AT_ONCE]:
        for after, payload in page:
            yield after, crc32(payload)


def _published_since(consumer: Consumer, moment: datetime) -> Iterator[Message]:
    """What came to the outbox's topics from a moment on, by the brokers' clocks."""
    partitions = begins(consumer, TOPICS.values())
    for messages in read(consumer, offsets_at(consumer, partitions, moment - CLOCKS_DIFFER_BY)):
        yield from messages
