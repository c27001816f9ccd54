"""Transactions as the API answers them; `TransactionSerializer` says the same in the document at /schema."""

from datetime import datetime
from typing import Any

import events
from events.money import from_cents
from transactions.models import Transaction
from transactions.recording import kind_of

FIELDS = (
    "order_id",
    "user_id",
    "amount",
    "status",
    "timestamp",
    "kind",
    "refund_of",
    "recorded_at",
    "updated_at",
)


def of_row(row: Transaction) -> dict[str, Any]:
    return {name: getattr(row, name) for name in FIELDS}


def of_new(order: events.Transaction, recorded_at: datetime) -> dict[str, Any]:
    """Of an order that was recorded just now."""
    return {
        "order_id": order.order_id,
        "user_id": order.user_id,
        "amount": from_cents(order.cents),
        "status": order.status,
        "timestamp": order.timestamp,
        "kind": kind_of(order),
        "refund_of": None,
        "recorded_at": recorded_at,
        "updated_at": recorded_at,
    }
