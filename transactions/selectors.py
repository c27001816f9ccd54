from typing import Any

from django.db.models import QuerySet

from transactions.models import Transaction


def transactions_of(user_id: int | None) -> QuerySet[Transaction]:
    """The transactions of one user, or of all for None."""
    return Transaction.objects.all() if user_id is None else Transaction.objects.filter(user_id=user_id)


def newest(limit: int) -> list[dict[str, Any]]:
    """The transactions recorded last, newest first, as the live page shows them."""
    rows = Transaction.objects.order_by("-pk")[:limit]
    return [
        {
            "order_id": row.order_id,
            "user_id": row.user_id,
            "amount": str(row.amount),
            "kind": row.kind,
            "status": row.status,
            "timestamp": row.timestamp,
            "recorded_at": row.recorded_at,
        }
        for row in rows
    ]
