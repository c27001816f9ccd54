from decimal import Decimal
from typing import Any, ClassVar

from django.db import models

from database.amounts import AmountField
from events import ChangedStatus, Correction, Status
from transactions.refund_rules import Reason


class Kind(models.TextChoices):
    ORDER = "ORDER"
    REFUND = "REFUND"


class Transaction(models.Model):
    """An order or a refund, whichever door it came by. The system of record."""

    id = models.BigAutoField(primary_key=True)
    order_id = models.CharField(max_length=64, unique=True)
    user_id = models.PositiveIntegerField()
    amount = AmountField(help_text="negative for a refund")
    status = models.CharField(max_length=8, choices=[(status.value, status.value) for status in ChangedStatus])
    entered_as = models.CharField(  # noqa: DJ001 - nobody knows it of older rows
        max_length=7,
        null=True,
        choices=[(status.value, status.value) for status in Status],
        help_text="the status with which it was recorded; empty: recorded before this was kept",
    )
    timestamp = models.DateTimeField(help_text="when it happened in the shop")
    kind = models.CharField(max_length=6, choices=Kind.choices)
    refund_of = models.CharField(max_length=64, null=True, help_text="the order that this refunds")  # noqa: DJ001
    refunded_amount = AmountField(
        default=Decimal(0),
        db_default=Decimal(0),
        help_text="of an order: what was given back or is on its way; refunds that failed do not count",
    )
    recorded_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    told_offset = models.PositiveBigIntegerField(
        null=True, help_text="where the topic told of it last, on its user's partition; empty: not yet"
    )
    told_at = models.DateTimeField(null=True, help_text="when the broker received that")

    class Meta:
        db_table = "transactions"
        indexes: ClassVar[list[Any]] = [
            # What each serves: docs/decisions/0041. Those of few values end in the order of the lists that they narrow.
            models.Index(fields=["-timestamp", "order_id"], name="transactions_newest_first"),
            models.Index(fields=["-amount", "order_id"], name="transactions_largest_first"),
            models.Index(fields=["user_id", "-timestamp"], name="transactions_of_a_user"),
            models.Index(fields=["status", "-timestamp"], name="transactions_of_a_status"),
            models.Index(fields=["kind", "-timestamp"], name="transactions_of_a_kind"),
            models.Index(fields=["kind", "status", "-timestamp"], name="transactions_of_both"),
            models.Index(fields=["refund_of"], name="transactions_refunds_of"),
        ]
        constraints: ClassVar[list[Any]] = [
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


class RefundReason(models.Model):
    """Why a refund was made."""

    order_id = models.CharField(max_length=64, primary_key=True, help_text="the refund's own")
    reason = models.CharField(max_length=16, choices=[(each.value, each.value) for each in Reason])
    note = models.CharField(max_length=500, blank=True)

    def __str__(self) -> str:
        return f"{self.order_id}: {self.reason}"


class Misattribution(models.Model):
    """An order that the topic ascribes to another user than the one for whom it is recorded."""

    order_id = models.CharField(max_length=64)
    user_id = models.PositiveIntegerField(help_text="the other user")
    told_offset = models.PositiveBigIntegerField(
        help_text="where the topic told of it last, on the other user's partition"
    )
    told_at = models.DateTimeField(help_text="when the broker received that")

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["order_id", "user_id"], name="one_misattribution_per_order_and_user"),
        ]

    def __str__(self) -> str:
        return f"{self.order_id} of user {self.user_id}"


class CorrectedTelling(models.Model):
    """A telling that is not the record of its order, or the record that another telling had kept out of sums.

    The topic `transactions.corrections` has each; this is what proves that the platform itself has published it.
    """

    origin = models.CharField(max_length=64, help_text="where the telling that brought this about stands")
    correction = models.CharField(max_length=8, choices=[(each.value, each.value) for each in Correction])
    order_id = models.CharField(max_length=64)
    user_id = models.PositiveIntegerField()
    amount = AmountField()
    status = models.CharField(max_length=7, choices=[(status.value, status.value) for status in Status])
    timestamp = models.DateTimeField()
    corrected_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes: ClassVar[list[Any]] = [models.Index(fields=["origin"], name="corrections_by_origin")]

    def __str__(self) -> str:
        return f"{self.correction} {self.order_id} at {self.origin}"
