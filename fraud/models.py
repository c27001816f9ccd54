from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from database.amounts import AmountField
from events import AlertStatus
from events.money import to_cents
from fraud.cases import CLOSED

STATUSES = [(status.value, status.value.capitalize()) for status in AlertStatus]


class FraudAlert(models.Model):
    """A suspicion about one transaction, and how far its investigation is."""

    order_id = models.CharField(max_length=64, unique=True)
    user_id = models.PositiveIntegerField()
    amount = AmountField()
    timestamp = models.DateTimeField(help_text="when the transaction happened")
    rule = models.CharField(max_length=64)
    status = models.CharField(max_length=13, choices=STATUSES, default=AlertStatus.OPEN)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="fraud_alerts"
    )
    raised_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    decided = models.GeneratedField(
        expression=models.Case(models.When(status__in=sorted(CLOSED), then=models.Value(1)), default=models.Value(0)),
        output_field=models.SmallIntegerField(),
        db_persist=False,
        help_text="1: closed; a number, since Django asks for a boolean in a form that no index of SQLite serves",
    )

    class Meta:
        # What each serves: docs/decisions/0041. Alerts are few, so their indexes cost little.
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["decided", "raised_at", "-amount"], name="fraud_queue"),
            models.Index(fields=["decided", "amount"], name="fraud_queue_by_amount"),
            models.Index(fields=["status", "raised_at"], name="fraud_alerts_of_a_status"),
            models.Index(fields=["user_id", "raised_at"], name="fraud_alerts_of_a_user"),
            models.Index(fields=["assignee", "raised_at"], name="fraud_alerts_of_an_assignee"),
            models.Index(fields=["rule", "raised_at"], name="fraud_alerts_of_a_rule"),
            models.Index(fields=["raised_at"], name="fraud_alerts_latest"),
            models.Index(fields=["amount"], name="fraud_alerts_by_amount"),
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


class AlertCount(models.Model):
    """How many alerts of a rule are in a state. Changed with them, by tallies.py."""

    rule = models.CharField(max_length=64)
    status = models.CharField(max_length=13, choices=STATUSES)
    alerts = models.BigIntegerField()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["rule", "status"], name="one_count_per_rule_and_state"),
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.status}: {self.alerts}"


class DecisionTime(models.Model):
    """How many decisions on a rule's alerts took so long, from raising them on. Changed with them, by tallies.py."""

    rule = models.CharField(max_length=64)
    outcome = models.CharField(max_length=13, choices=STATUSES)
    within = models.PositiveIntegerField(
        help_text="seconds, the bucket that they are in: those of smaller ones are not in it; 0: longer than any bucket"
    )
    decisions = models.BigIntegerField()
    micros = models.BigIntegerField(help_text="how long they took together, in microseconds")

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["rule", "outcome", "within"], name="one_row_per_bucket_of_decisions"),
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.outcome} within {self.within} s: {self.decisions}"


class AlertEntry(models.Model):
    """One line of an alert's history: who changed what, when. Never deleted; of a forgotten user, notes are emptied."""

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
