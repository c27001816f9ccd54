from typing import Any, ClassVar

from django.db import models

from events import ChangedStatus


class Kind(models.TextChoices):
    ORDER = "ORDER"
    REFUND = "REFUND"


class Transaction(models.Model):
    """An order or a refund, whichever door it came by. The system of record."""

    id = models.BigAutoField(primary_key=True)
    order_id = models.CharField(max_length=64, unique=True)
    user_id = models.PositiveIntegerField()
    amount = models.DecimalField(max_digits=18, decimal_places=2, help_text="negative for a refund")
    status = models.CharField(max_length=8, choices=[(status.value, status.value) for status in ChangedStatus])
    timestamp = models.DateTimeField(help_text="when it happened in the shop")
    kind = models.CharField(max_length=6, choices=Kind.choices)
    refund_of = models.CharField(max_length=64, null=True, help_text="the order that this refunds")  # noqa: DJ001
    recorded_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "transactions"
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["user_id", "-timestamp"], name="transactions_of_a_user"),
            models.Index(fields=["-timestamp", "order_id"], name="transactions_newest_first"),
            models.Index(fields=["status"], name="transactions_by_status"),
        ]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["refund_of"], name="one_refund_per_order"),
            models.CheckConstraint(
                condition=models.Q(status__in=list(ChangedStatus)), name="transaction_status_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(kind="ORDER", amount__gte=0) | models.Q(kind="REFUND", amount__lte=0),
                name="refunds_are_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_id}: {self.amount} ({self.status})"
