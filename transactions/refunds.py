"""Giving orders back, in one piece or in several, and what that makes of the order.

The row of the order is locked before any of its refunds is made or decided (transactions/locking.py), so that all of
an order's refunds happen one after another. It keeps how much has been given back or is on its way: `refunded_amount`.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

import events
from events import ChangedStatus, Status, TransactionStatusChanged
from events.money import from_cents, to_cents
from events.time import whole_millis
from streaming.producing import outbox
from transactions import given_back
from transactions.locking import locked
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


def decided(order: Transaction, refunds: Iterable[Transaction], now: datetime) -> None:
    """Let a locked order be what the outcomes of its refunds make of it: those that failed give their amounts back.

    All outcomes that were told together are taken in before anybody looks whether that was all of the order.
    """
    if failed := [refund.amount for refund in refunds if refund.status == ChangedStatus.FAILED]:
        order.refunded_amount += sum(failed)
        order.save(update_fields=["refunded_amount", "updated_at"])
    complete(order, now)


def decided_elsewhere(moved: Iterable[Transaction]) -> None:
    """The same of the refunds among rows that the topic moved on; these and their orders are locked already."""
    by_order: dict[str, list[Transaction]] = {}
    for row in moved:
        if row.refund_of:
            by_order.setdefault(row.refund_of, []).append(row)
    now = timezone.now()
    for order_id, order in locked(by_order).items():
        decided(order, by_order[order_id], now)


def count_again(order_ids: Collection[str]) -> None:
    """Let orders say no less of how much of them was refunded than the refunds that there are come to.

    They may say more: of an order whose refunds were lost and come back one after another, the row alone knows how
    much that was.
    """
    orders = [row for row in locked(order_ids).values() if row.kind == Kind.ORDER]
    # Only under their locks: until then, others make refunds and let them fail.
    sums = given_back.sums_of(order.order_id for order in orders)
    for order in orders:
        is_whole = order.status == ChangedStatus.REFUNDED
        known = order.amount if is_whole else -sums.get(order.order_id, Decimal(0))
        order.refunded_amount = max(order.refunded_amount, known)
    Transaction.objects.bulk_update(orders, ["refunded_amount"], batch_size=100)
