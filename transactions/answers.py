"""Transactions as the API answers them; `TransactionSerializer` says the same in the document at /schema."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import events
from events import ChangedStatus
from events.money import Ledger, from_cents, shown, to_cents
from transactions.models import RefundReason, Transaction
from transactions.refund_rules import refund_status
from transactions.rows import kind_of

FIELDS = (
    "order_id",
    "user_id",
    "amount",
    "status",
    "timestamp",
    "kind",
    "refund_of",
    "refunded_amount",
    "recorded_at",
    "updated_at",
)
"""columns of the table; an answer has `refund_status` and `currency` besides"""


def of_row(row: Transaction) -> dict[str, Any]:
    return of_columns({name: getattr(row, name) for name in FIELDS})


def of_columns(row: dict[str, Any]) -> dict[str, Any]:
    """Of the columns FIELDS, in any order and with others, which stay."""
    status, refunded = row["status"], row["refunded_amount"]
    # Of nearly every row there is nothing to tell.
    is_told = refunded or status == ChangedStatus.REFUNDED
    told = refund_status(status, to_cents(row["amount"]), to_cents(refunded)) if is_told else None
    return {**row, "refund_status": told, **_in_currency(row["amount"], refunded)}


def _in_currency(amount: Decimal, refunded: Decimal) -> dict[str, Any]:
    # Most currencies have the decimals that are kept.
    if Ledger.currency.step == 1:
        return {"currency": Ledger.currency.code}
    return {"amount": shown(amount), "refunded_amount": shown(refunded), "currency": Ledger.currency.code}


def of_new(order: events.Transaction, recorded_at: datetime) -> dict[str, Any]:
    """Of an order that was recorded just now."""
    amount, nothing = from_cents(order.cents), from_cents(0)
    return {
        "order_id": order.order_id,
        "user_id": order.user_id,
        "amount": amount,
        "status": order.status,
        "timestamp": order.timestamp,
        "kind": kind_of(order),
        "refund_of": None,
        "refunded_amount": nothing,
        "recorded_at": recorded_at,
        "updated_at": recorded_at,
        "refund_status": None,
    } | _in_currency(amount, nothing)


def of_refund(transaction: dict[str, Any], why: RefundReason | None, is_staff: bool) -> dict[str, Any]:
    """What is answered of a refund; why: None if nobody said. The note is for the shop's own people."""
    return transaction | {"reason": why and why.reason, "note": why.note if why and is_staff else ""}
