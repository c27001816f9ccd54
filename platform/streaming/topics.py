"""The topics, what each carries, and how each is made."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from django.conf import settings

from events import FraudAlert, Transaction, TransactionCorrected, TransactionStatusChanged
from streaming.carriers import IndexedBy

Event = Transaction | TransactionStatusChanged | TransactionCorrected | FraudAlert

DAY_MS = 24 * 60 * 60 * 1000
RECORD_BYTES = 1_048_588
"""Kafka's own limit of what an event's topic takes at once, after compression."""
LETTER_BYTES = 2 * 1024 * 1024
"""The limit of producers and of dead-letter topics: the largest uncompressed record, and what is said of it."""

DEAD_LETTERS = ".dead-letters"
"""What the name of a topic of dead letters adds to its source's."""


class Topic(StrEnum):
    TRANSACTIONS = "transactions"
    TRANSACTIONS_STATUS = "transactions.status"
    TRANSACTIONS_CORRECTIONS = "transactions.corrections"
    FRAUD_ALERTS = "fraud.alerts"
    MYSQL_TRANSACTIONS = "mysql.transactions"
    """changes of rows, published by Debezium (see debezium.py); none of our events"""

    @property
    def dead_letters(self) -> str:
        return f"{self}{DEAD_LETTERS}"

    @property
    def subject(self) -> str:
        """Under which a registry keeps the schemas of its values."""
        return f"{self}-value"

    @property
    def event_type(self) -> type[Event]:
        """What its values are; KeyError for changes of rows."""
        return EVENT_TYPES[self]


class Group(StrEnum):
    """The workers' consumer groups."""

    RECORDER = "recorder"
    FRAUD = "fraud"
    AGGREGATOR = "aggregator"
    NOTIFIER = "notifier"
    INDEXER = "indexer"


EVENT_TYPES: dict[Topic, type[Event]] = {
    Topic.TRANSACTIONS: Transaction,
    Topic.TRANSACTIONS_STATUS: TransactionStatusChanged,
    Topic.TRANSACTIONS_CORRECTIONS: TransactionCorrected,
    Topic.FRAUD_ALERTS: FraudAlert,
}
TOPICS: dict[type[Event], Topic] = {event_type: topic for topic, event_type in EVENT_TYPES.items()}

# The broker's clock stamps each record, so that every reader judges an event by the same moment of receipt.
STAMPED: dict[str, Any] = {"message.timestamp.type": "LogAppendTime"}
EVENT_CONFIG = STAMPED | {"retention.ms": 30 * DAY_MS, "max.message.bytes": RECORD_BYTES}
DEAD_LETTER_CONFIG = STAMPED | {"retention.ms": 90 * DAY_MS, "max.message.bytes": LETTER_BYTES}


def topics_in_use() -> list[Topic]:
    """All topics; those of changed rows only where somebody indexes them."""
    return [topic for topic in Topic if topic in EVENT_TYPES or settings.INDEXED_BY != IndexedBy.NOBODY]


def topic_configs(topics: Iterable[Topic]) -> dict[str, dict[str, str]]:
    """The configuration of each topic and of its dead letters by name."""
    configs = {
        name: config
        for topic in topics
        for name, config in ((topic.value, EVENT_CONFIG), (topic.dead_letters, DEAD_LETTER_CONFIG))
    }
    return {name: {key: str(value) for key, value in config.items()} for name, config in configs.items()}
