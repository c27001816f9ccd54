"""Records handed over to the client one behind the other, without waiting for each other's acknowledgements."""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from confluent_kafka import KafkaError, KafkaException, Message

from events import Transaction
from streaming import clients
from streaming.clients import SEND_TIMEOUT_SECONDS, NotDelivered, Refusal, codec, not_delivered
from streaming.column_encoding import OrderColumns, encoded
from streaming.message_fields import as_bytes, origin
from streaming.topics import Event

ROOM_SECONDS = 0.1
"""for which a full queue is waited on before it is tried again"""
AFTER_THE_LAST_ANSWER_SECONDS = 10
"""The client gives up a record after SEND_TIMEOUT_SECONDS, and says so then."""
KEYS_REMEMBERED = 100_000

Records = tuple[Sequence[bytes], Sequence[bytes]]
"""keys and values"""


class Pipeline:
    """Sends records to one topic; every one of them is acknowledged or refused within SEND_TIMEOUT_SECONDS.

    acknowledged: called with where each record stands now, in words.
    """

    def __init__(self, topic: str, acknowledged: Callable[[str], None] | None = None) -> None:
        self.sent = 0
        self._topic = topic
        self._acknowledged = acknowledged
        self._refusals: list[Refusal] = []
        self._producer = clients.producer(
            **{
                "on_delivery": self._report,
                "delivery.report.only.error": acknowledged is None,
                "message.timeout.ms": SEND_TIMEOUT_SECONDS * 1000,
            }
        )

    def send(self, records: Records) -> None:
        """Hand these records over, each under its key, in order; waits while the client's queue is full.

        Raises NotDelivered, once the rest has its answers too, if any record was refused by now.
        """
        produce = self._producer.produce
        for key, value in zip(*records, strict=True):
            while True:
                try:
                    produce(self._topic, value, key)
                except BufferError:
                    self._producer.poll(ROOM_SECONDS)
                except KafkaException as error:
                    self._refuse(key, error.args[0])
                    break
                else:
                    break
        self.sent += len(records[0])
        self._producer.poll(0)
        if self._refusals:
            self.finish()

    def finish(self) -> int:
        """Wait for all acknowledgements; returns the number of records. Raises NotDelivered if any is missing."""
        left = self._producer.flush(SEND_TIMEOUT_SECONDS + AFTER_THE_LAST_ANSWER_SECONDS)
        if self._refusals:
            raise not_delivered(self.sent, self._refusals)
        if left:
            raise NotDelivered(f"of {self.sent} records {left} were not acknowledged in {SEND_TIMEOUT_SECONDS} s")
        return self.sent

    def _report(self, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self._refuse(as_bytes(message.key()), error)
        elif self._acknowledged:
            self._acknowledged(in_words(message))

    def _refuse(self, key: bytes | None, error: KafkaError) -> None:
        self._refusals.append(Refusal(self._topic, key, error))


def in_words(message: Message) -> str:
    """Where a record stands: transactions[1]@2042, key '7'."""
    key = message.key()
    name = key.decode() if isinstance(key, bytes) else key
    return f"{origin(message)}, key {name!r}"


def records_of(orders: OrderColumns) -> Records:
    """What becomes of orders in columns: the same as of each by itself."""
    return list(map(_key, orders.user_id.tolist())), encoded(orders, codec().header_of(Transaction))


def records_of_rows(events: Iterable[Event]) -> Records:
    encode = codec().encode
    records = [(str(event.user_id).encode(), encode(event)) for event in events]
    return [key for key, _ in records], [value for _, value in records]


@lru_cache(KEYS_REMEMBERED)
def _key(user_id: int) -> bytes:
    return str(user_id).encode()
