"""What people wrote about a user's transactions. The transactions themselves are numbers, and stay."""

from django.db.models import QuerySet

import database.unindexed  # noqa: F401 - makes the lookup known
from database.erasing import Erasure
from transactions.models import Kind, RefundReason, Transaction


def erasures(user_id: int) -> list[Erasure]:
    return [Erasure("notes on refunds", lambda: _notes(user_id), {"note": ""})]


def _notes(user_id: int) -> QuerySet[RefundReason]:
    refunds = Transaction.objects.filter(user_id=user_id, kind__unindexed=Kind.REFUND)
    return RefundReason.objects.filter(order_id__in=refunds.values("order_id")).exclude(note="")
