"""Giving orders back, in one piece or in several, and what that makes of the order.

The row of the order is locked before any of its refunds is made or decided, so that all of an order's refunds happen
one after another. It keeps how much of it has been given back or is on its way: `refunded_amount`.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

import events
from events import ChangedStatus, Status, TransactionStatusChanged
from events.money import from_cents, to_cents
from events.time import whole_millis
from streaming.producing import outbox
from transactions.models import Kind, RefundReason, Transaction
from transactions.refund_rules import NewRefundStatus, Reason, new_refund_id, why_no_refund


class NotRefundable(ValueError):
    """So much of the order cannot be given back."""


@dataclass(frozen=True)
class Refunded:
    """A refund, why it was made, and its order as it is now."""

    order: Transaction
    refund: Transaction
    reason: RefundReason


@transaction.atomic
def refund_order(
    *,
    order_id: str,
    amount: Decimal | None = None,
    reason: Reason = Reason.OTHER,
    note: str = "",
    status: NewRefundStatus = NewRefundStatus.SUCCESS,
) -> Refunded:
    """Give an order back, or a part of it, and publish that.

    amount: what of it; None: what is left. Raises Transaction.DoesNotExist, and NotRefundable if that is too much or
    the order is not paid. When all of it has been given back, the order becomes REFUNDED.
    """
    order = Transaction.objects.select_for_update().get(order_id=order_id)
    if order.kind == Kind.REFUND:
        raise NotRefundable(f"{order_id} is a refund itself and cannot be refunded.")
    cents, refunded = to_cents(order.amount), to_cents(order.refunded_amount)
    wanted = cents - refunded if amount is None else to_cents(amount)
    if sentence := why_no_refund(order_id, ChangedStatus(order.status), cents, refunded, wanted):
        raise NotRefundable(sentence)
    now = timezone.now()
    refund = make_refund(order, wanted, now, Status(status))
    why = RefundReason.objects.create(order_id=refund.order_id, reason=reason, note=note)
    order.refunded_amount += from_cents(wanted)
    order.save(update_fields=["refunded_amount", "updated_at"])
    complete(order, now)
    return Refunded(order, refund, why)


def make_refund(order: Transaction, cents: int, now: datetime, status: Status = Status.SUCCESS) -> Transaction:
    """The row of a refund, told to everybody; the order itself is for the caller to change.

    Only within a database transaction that has locked the order.
    """
    event = events.Transaction(
        order_id=new_refund_id(order.order_id),
        user_id=order.user_id,
        amount=-float(from_cents(cents)),
        status=status,
        timestamp=whole_millis(now),
    )
    row = Transaction.objects.create(
        order_id=event.order_id,
        user_id=event.user_id,
        amount=from_cents(event.cents),
        status=status,
        entered_as=status,
        timestamp=event.timestamp,
        kind=Kind.REFUND,
        refund_of=order.order_id,
    )
    outbox.enqueue([event])
    return row


def complete(order: Transaction, now: datetime) -> None:
    """Make a locked order REFUNDED, and publish that, if refunds that have succeeded come to all of it."""
    if order.status != ChangedStatus.SUCCESS or not 0 < order.amount <= order.refunded_amount:
        return
    if not pending_refunds(order.order_id):
        move(order, ChangedStatus.REFUNDED, now)


def move(row: Transaction, status: ChangedStatus, now: datetime) -> None:
    """Give a locked row another status, and publish that."""
    previous, row.status = ChangedStatus(row.status), status
    row.save(update_fields=["status", "refunded_amount", "updated_at"])
    outbox.enqueue(
        [TransactionStatusChanged(row.order_id, row.user_id, float(row.amount), previous, status, whole_millis(now))]
    )


def pending_refunds(order_id: str) -> list[str]:
    """The order ids of an order's refunds of which nobody knows yet whether they succeed."""
    pending = Transaction.objects.filter(refund_of=order_id, status=ChangedStatus.PENDING)
    return list(pending.values_list("order_id", flat=True))


def lock_order_of(order_id: str) -> Transaction | None:
    """The order that a refund belongs to, locked; None: this is no refund, or nobody knows of which order."""
    refund_of = Transaction.objects.filter(order_id=order_id).values_list("refund_of", flat=True).first()
    return Transaction.objects.select_for_update().filter(order_id=refund_of).first() if refund_of else None


def decided(order: Transaction, refund: Transaction, now: datetime) -> None:
    """Let a locked order be what a refund's outcome makes of it: one that failed gives its amount back."""
    if refund.status == ChangedStatus.FAILED:
        order.refunded_amount += refund.amount
        order.save(update_fields=["refunded_amount", "updated_at"])
    complete(order, now)


def decided_elsewhere(refunds: Iterable[Transaction]) -> None:
    """The same of refunds whose outcome the topic told."""
    now = timezone.now()
    for refund in refunds:
        if order := lock_order_of(refund.order_id):
            decided(order, refund, now)


def count_again(order_ids: Collection[str]) -> None:
    """Let orders say anew how much of them was refunded, by the refunds that there are."""
    refunds = Transaction.objects.filter(refund_of__in=order_ids).exclude(status=ChangedStatus.FAILED)
    sums = dict(refunds.values_list("refund_of").annotate(Sum("amount")))
    orders = list(Transaction.objects.select_for_update().filter(order_id__in=order_ids).order_by("pk"))
    for order in orders:
        is_whole = order.status == ChangedStatus.REFUNDED
        order.refunded_amount = order.amount if is_whole else -sums.get(order.order_id, Decimal(0))
    Transaction.objects.bulk_update(orders, ["refunded_amount"], batch_size=100)
