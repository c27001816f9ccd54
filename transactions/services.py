"""What is written to the table of transactions, and published about it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

import events
from events import ChangedStatus
from events.money import to_cents
from streaming.producing import outbox
from transactions import refunds, selectors
from transactions.locking import locked
from transactions.models import Kind, Transaction
from transactions.recording import Telling, record
from transactions.refund_rules import bases_of_refund, ids_by_base
from transactions.rows import insert_orders, kind_of
from transactions.statuses import NEXT, may_become


class AlreadyExists(ValueError):
    """Transactions with these order ids are recorded already."""

    def __init__(self, order_ids: Sequence[str]) -> None:
        super().__init__(f"recorded already: {', '.join(order_ids)}")
        self.order_ids = order_ids


class NotAllowed(ValueError):
    """This status cannot follow the present one."""


@dataclass(frozen=True)
class Change:
    """A change of status, and the refund that it may have brought about."""

    transaction: Transaction
    refund: Transaction | None = None


@transaction.atomic(savepoint=False)
def create_transactions(*, orders: Sequence[events.Transaction]) -> datetime:
    """Record new orders and publish them, all or none; returns when they were recorded.

    Raises AlreadyExists, and IntegrityError if somebody else records one of them at the same moment; then whoever has
    opened the database transaction around it can only end it.
    """
    messages = outbox.messages_of(orders)  # while others may still write
    try:
        recorded_at = insert_orders(orders)
    except IntegrityError as error:
        # The table is asked only now: for nearly every order, it would be asked for nothing.
        known = selectors.recorded_of([order.order_id for order in orders])
        if not known:
            raise
        raise AlreadyExists([order.order_id for order in orders if order.order_id in known]) from error
    outbox.put(messages)
    return recorded_at


@transaction.atomic
def change_status(*, order_id: str, status: ChangedStatus) -> Change:
    """Move a transaction on and publish that; REFUNDED also refunds what is left of it.

    Raises Transaction.DoesNotExist, and NotAllowed if that status cannot follow the present one.
    """
    rows = locked([order_id])
    if (row := rows.get(order_id)) is None:
        raise Transaction.DoesNotExist
    previous = ChangedStatus(row.status)
    if row.kind == Kind.REFUND and status == ChangedStatus.REFUNDED:
        raise NotAllowed(f"{order_id} is a refund itself and cannot be refunded.")
    if not may_become(previous, status):
        raise NotAllowed(_why_not(previous, status))
    now = timezone.now()
    left = _left_to_refund(row) if status == ChangedStatus.REFUNDED else None
    if left is not None:
        row.refunded_amount = row.amount
    refunds.move(row, status, now)
    if row.refund_of and (order := rows.get(row.refund_of)):
        refunds.decided(order, [row], now)
    return Change(row, None if left is None else refunds.make_refund(row, left, now))


def _left_to_refund(order: Transaction) -> int | None:
    """Cents; None: all was refunded already, in parts."""
    if pending := refunds.pending_refunds(order.order_id):
        raise NotAllowed(f"{pending[0]} is PENDING: say first whether that refund has succeeded.")
    left = to_cents(order.amount - order.refunded_amount)
    return left if left or not order.refunded_amount else None


@transaction.atomic
def restore(*, lost: Sequence[Telling], statuses: Mapping[str, ChangedStatus]) -> list[Transaction]:
    """Record again what the table has lost, and return it; nothing is published, since all of it has been.

    statuses: what was published last of those whose status changed. A refund finds its order again by its own order id.
    """
    order_ids = {telling.event.order_id for telling in lost}
    made = [telling.event for telling in lost if kind_of(telling.event) == Kind.REFUND]
    there = locked(order_ids.union(_refunded_by(made).values()))
    record(received=lost)
    # Those that others recorded meanwhile may have moved on, too.
    rows = list(Transaction.objects.filter(order_id__in=order_ids - there.keys()))
    for row in rows:
        row.status = statuses.get(row.order_id, ChangedStatus(row.status))
    Transaction.objects.bulk_update(rows, ["status"], batch_size=100)
    refunded_by = _refunded_by(made)
    for row in rows:
        row.refund_of = refunded_by.get(row.order_id)
    Transaction.objects.bulk_update(rows, ["refund_of"], batch_size=100)
    refunds.count_again({row.refund_of or row.order_id for row in rows})
    return rows


def _refunded_by(made: Collection[events.Transaction]) -> dict[str, str]:
    """Order ids of these refunds → the order that each is of, as its own id says, if that is recorded and paid."""
    paid = [ChangedStatus.SUCCESS, ChangedStatus.REFUNDED]
    users = {refund.user_id for refund in made}
    originals = Transaction.objects.filter(user_id__in=users, status__in=paid, kind=Kind.ORDER)
    named = {
        (user_id, base): order_id
        for user_id, order_id in originals.values_list("user_id", "order_id")
        for base in ids_by_base(order_id)
    }
    bases = ((refund, base) for refund in made for base in reversed(bases_of_refund(refund.order_id)))
    found = ((refund.order_id, named.get((refund.user_id, base))) for refund, base in bases)
    return {refund: order_id for refund, order_id in found if order_id}


def _why_not(previous: ChangedStatus, wanted: ChangedStatus) -> str:
    following = " or ".join(sorted(NEXT[previous]))
    return f"{previous} cannot become {wanted}" + (f", only {following}." if following else ": it is final.")
