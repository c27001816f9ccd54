"""Whom to notify of what about orders in columns. Pure."""

from collections.abc import Iterator

from notifications.messages import kind_about, text_about
from streaming.columns import STATUSES, Orders

KINDS = [[kind_about(status, is_refund=is_refund) for is_refund in (False, True)] for status in STATUSES]
"""by the index of the status, then whether it is a refund"""


def messages_about(orders: Orders) -> Iterator[tuple[int, str, str, str]]:
    """User, kind, order id and text of the message about each of them that message_about() has one for."""
    columns = (orders.user_id, orders.cents, orders.status)
    for order_id, user_id, cents, status in zip(orders.order_ids(), *(each.tolist() for each in columns), strict=True):
        if kind := KINDS[status][cents < 0]:
            yield user_id, kind.value, order_id, text_about(kind, order_id, cents)
