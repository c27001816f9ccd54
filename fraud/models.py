from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from events import AlertStatus
from events.money import to_cents

STATUSES = [(status.value, status.value.capitalize()) for status in AlertStatus]


class FraudAlert(models.Model):
    """A suspicion about one transaction, and how far its investigation is."""

    order_id = models.CharField(max_length=64, unique=True)
    user_id = models.PositiveIntegerField()
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    timestamp = models.DateTimeField(help_text="when the transaction happened")
    rule = models.CharField(max_length=64)
    status = models.CharField(max_length=13, choices=STATUSES, default=AlertStatus.OPEN)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="fraud_alerts"
    )
    raised_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["status", "raised_at", "-amount"], name="fraud_queue"),
            models.Index(fields=["user_id"], name="fraud_alerts_of_a_user"),
        ]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(condition=models.Q(status__in=list(AlertStatus)), name="alert_status_is_known"),
        ]

    def __str__(self) -> str:
        return f"alert of {self.order_id}"

    @property
    def about(self) -> tuple[int, int, datetime]:
        """User, cents and time of the transaction that it is about."""
        return self.user_id, to_cents(self.amount), self.timestamp

    @property
    def version(self) -> str:
        """Differs after every change."""
        return f"{self.pk}-{self.updated_at.timestamp():.6f}"


class AlertEntry(models.Model):
    """One line of an alert's history: who changed what, when. Never changed, never deleted."""

    alert = models.ForeignKey(FraudAlert, on_delete=models.CASCADE, related_name="history")
    at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, help_text="empty: the platform itself"
    )
    previous_status = models.CharField(max_length=13, blank=True, choices=STATUSES)
    status = models.CharField(max_length=13, choices=STATUSES)
    assignee = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    note = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["pk"]

    def __str__(self) -> str:
        return f"{self.previous_status or 'raised'} → {self.status}"
