"""What is written to the table of transactions, and published about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from django.db import IntegrityError, transaction
from django.utils import timezone

import events
from events import ChangedStatus, Status, TransactionStatusChanged
from events.plausibility import MAX_ORDER_ID_LENGTH
from events.time import whole_millis
from streaming.producing import outbox
from transactions import selectors
from transactions.models import Kind, Transaction
from transactions.recording import Telling, as_row, insert_orders, record
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
    try:
        recorded_at = insert_orders(orders)
    except IntegrityError as error:
        # The table is asked only now: for nearly every order, it would be asked for nothing.
        known = selectors.recorded_of([order.order_id for order in orders])
        if not known:
            raise
        raise AlreadyExists([order.order_id for order in orders if order.order_id in known]) from error
    outbox.enqueue(orders)
    return recorded_at


@transaction.atomic
def change_status(*, order_id: str, status: ChangedStatus) -> Change:
    """Move a transaction on and publish that; REFUNDED also makes the refund.

    Raises Transaction.DoesNotExist, NotAllowed if that status cannot follow the present one, and AlreadyExists if
    something else is recorded under the refund's order id.
    """
    row = Transaction.objects.select_for_update().get(order_id=order_id)
    previous = ChangedStatus(row.status)
    if row.kind == Kind.REFUND and status == ChangedStatus.REFUNDED:
        raise NotAllowed(f"{order_id} is a refund itself and cannot be refunded.")
    if not may_become(previous, status):
        raise NotAllowed(_why_not(previous, status))
    now = timezone.now()
    row.status = status
    row.save(update_fields=["status", "updated_at"])
    outbox.enqueue(
        [TransactionStatusChanged(order_id, row.user_id, float(row.amount), previous, status, whole_millis(now))]
    )
    return Change(row, _refund(row, now) if status == ChangedStatus.REFUNDED else None)


@transaction.atomic
def restore(*, lost: Sequence[Telling], statuses: Mapping[str, ChangedStatus]) -> list[Transaction]:
    """Record again what the table has lost, and return it; nothing is published, since all of it has been.

    statuses: what was published last of those whose status changed. A refund finds its order again by its own order id.
    """
    record(received=lost)
    order_ids = [telling.event.order_id for telling in lost]
    rows = list(Transaction.objects.select_for_update().filter(order_id__in=order_ids).order_by("pk"))
    for row in rows:
        row.status = statuses.get(row.order_id, ChangedStatus(row.status))
    Transaction.objects.bulk_update(rows, ["status"], batch_size=100)
    refunded = _refunded_by({row.user_id for row in rows if row.kind == Kind.REFUND})
    for row in rows:
        row.refund_of = row.refund_of or refunded.get(row.order_id)
    Transaction.objects.bulk_update(rows, ["refund_of"], batch_size=100)
    return rows


def _refunded_by(users: set[int]) -> dict[str, str]:
    """Order ids of refunds → of the orders that they refund, of these users."""
    originals = Transaction.objects.filter(user_id__in=users, status=ChangedStatus.REFUNDED, kind=Kind.ORDER)
    return {refund_id(order_id): order_id for order_id in originals.values_list("order_id", flat=True)}


def _refund(original: Transaction, now: datetime) -> Transaction:
    event = events.Transaction(
        order_id=refund_id(original.order_id),
        user_id=original.user_id,
        amount=-float(original.amount),
        status=Status.SUCCESS,
        timestamp=whole_millis(now),
    )
    if Transaction.objects.filter(order_id=event.order_id).exists():
        raise AlreadyExists([event.order_id])
    row = as_row(event)
    row.kind, row.refund_of = Kind.REFUND, original.order_id
    row.save()
    outbox.enqueue([event])
    return row


def refund_id(order_id: str) -> str:
    """The order id of an order's refund, of at most 64 characters."""
    whole = f"refund-{order_id}"
    return whole if len(whole) <= MAX_ORDER_ID_LENGTH else f"refund-{sha256(order_id.encode()).hexdigest()[:32]}"


def _why_not(previous: ChangedStatus, wanted: ChangedStatus) -> str:
    following = " or ".join(sorted(NEXT[previous]))
    return f"{previous} cannot become {wanted}" + (f", only {following}." if following else ": it is final.")
