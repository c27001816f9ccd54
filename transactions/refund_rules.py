"""How much of an order may be given back, under which id, and what that makes of the order. Pure."""

from collections.abc import Iterable
from enum import StrEnum
from hashlib import sha256
from uuid import uuid4

from events import ChangedStatus, Status
from events.money import from_cents, in_words
from events.plausibility import MAX_ORDER_ID_LENGTH

MARK_LENGTH = 12
"""hexadecimal digits behind a refund's id that nobody can know beforehand: nobody can take the id before us"""


class Reason(StrEnum):
    """Why an order was refunded."""

    CUSTOMER_REQUEST = "CUSTOMER_REQUEST"
    RETURNED = "RETURNED"
    NOT_DELIVERED = "NOT_DELIVERED"
    DUPLICATE = "DUPLICATE"
    FRAUD = "FRAUD"
    OTHER = "OTHER"


class RefundStatus(StrEnum):
    """How much of an order went back, or is on its way."""

    PARTIALLY_REFUNDED = "PARTIALLY_REFUNDED"
    REFUNDED = "REFUNDED"


class NewRefundStatus(StrEnum):
    """The statuses that a refund can begin with."""

    SUCCESS = Status.SUCCESS.value
    PENDING = Status.PENDING.value


def refund_status(status: str, cents: int, refunded_cents: int) -> RefundStatus | None:
    """What an order's answer says besides its status; None: nothing went back. refunded_cents: what has not failed."""
    if status == ChangedStatus.REFUNDED or 0 < cents <= refunded_cents:
        return RefundStatus.REFUNDED
    return RefundStatus.PARTIALLY_REFUNDED if refunded_cents > 0 else None


def why_no_refund(order_id: str, status: ChangedStatus, cents: int, refunded_cents: int, wanted: int) -> str | None:
    """Why so many cents of an order cannot be given back; None: they can."""
    left = cents - refunded_cents
    if status != ChangedStatus.SUCCESS:
        return f"{order_id} is {status}: only what is SUCCESS can be refunded."
    if wanted <= 0:
        return f"Nothing of {order_id} is left to refund."
    if wanted > left:
        return (
            f"{order_id} is over {in_words(from_cents(cents))}, of which {in_words(from_cents(refunded_cents))} are "
            f"refunded or on their way: at most {in_words(from_cents(left))} are left."
        )
    return None


def new_refund_id(order_id: str) -> str:
    """An order id for another refund of this order."""
    return f"{base_of(order_id)}-{uuid4().hex[:MARK_LENGTH]}"


def base_of(order_id: str) -> str:
    """What the ids of an order's refunds begin with."""
    whole = f"refund-{order_id}"
    if len(whole) <= MAX_ORDER_ID_LENGTH - MARK_LENGTH - 1:
        return whole
    return f"refund-{sha256(order_id.encode()).hexdigest()[:32]}"


def ids_by_base(order_id: str) -> set[str]:
    """What identifies the order in the ids of its refunds; also in those of when there was one refund for an order."""
    whole = f"refund-{order_id}"
    return {base_of(order_id), *([whole] if len(whole) <= MAX_ORDER_ID_LENGTH else [])}


def bases_of_refund(refund_id: str) -> tuple[str, str]:
    """What ids_by_base() may have of the order that this refunds."""
    return refund_id, refund_id[: -MARK_LENGTH - 1]


def with_their_refunds(orders: Iterable[str], refunds: Iterable[str]) -> list[list[str]]:
    """Order ids, those of an order and of its refunds in one list; a refund of none of these orders stands alone."""
    families = {order_id: [order_id] for order_id in orders}
    named = {base: order_id for order_id in families for base in ids_by_base(order_id)}
    for refund in refunds:
        order_id = next((named[base] for base in bases_of_refund(refund) if base in named), refund)
        families.setdefault(order_id, []).append(refund)
    return list(families.values())
