from typing import Any, ClassVar

from django.db import models

from notifications.messages import MAX_TEXT, Kind


class Notification(models.Model):
    """One thing told to one recipient, once. It is about an order or about an operators' alert; the other is empty."""

    recipient = models.CharField(
        max_length=32, help_text="`customer:` and the shop's user id, or `account:` and the id of an account here"
    )
    kind = models.CharField(max_length=14, choices=[(kind.value, kind.value) for kind in Kind])
    order_id = models.CharField(max_length=64, blank=True)
    alert = models.CharField(
        max_length=64, blank=True, help_text="Alertmanager's fingerprint of the alert, `@` and since when it fires"
    )
    text = models.CharField(max_length=MAX_TEXT)
    created_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True)
    email = models.EmailField(blank=True, help_text="where it is also sent to")
    emailed_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["recipient", "kind", "order_id", "alert"], name="each_thing_told_once"),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["email", "emailed_at"], name="notifications_to_send"),
        ]

    def __str__(self) -> str:
        return f"{self.recipient}: {self.text}"


class Heartbeat(models.Model):
    """When somebody who ought to come regularly came last."""

    name = models.CharField(max_length=32, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {self.at:%Y-%m-%d %H:%M:%S}"
