from typing import Any, ClassVar

from django.db import models

from notifications.mail import MAX_REASON
from notifications.messages import MAX_TEXT, Kind


class Notification(models.Model):
    """One thing sent to one recipient, once. It is about an order or about an operators' alert; the other is empty."""

    recipient = models.CharField(
        max_length=32, help_text="`customer:` and the shop's user id, or `account:` and the id of an account here"
    )
    kind = models.CharField(max_length=14, choices=[(kind.value, kind.value) for kind in Kind])
    order_id = models.CharField(max_length=64, blank=True)
    alert = models.CharField(
        max_length=64,
        blank=True,
        default="",
        db_default="",
        help_text="Alertmanager's fingerprint of the alert, `@` and since when it fires",
    )
    text = models.CharField(max_length=MAX_TEXT)
    created_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True)
    email = models.EmailField(blank=True, default="", db_default="", help_text="where it is also sent to")
    emailed_at = models.DateTimeField(null=True)
    email_due_at = models.DateTimeField(
        null=True, help_text="when it is to be sent next; empty: no longer, or nowhere to"
    )
    email_tries = models.PositiveSmallIntegerField(default=0, db_default=0, help_text="how often it could not be sent")
    email_error = models.CharField(
        max_length=MAX_REASON, blank=True, default="", db_default="", help_text="what the mail server said last"
    )
    listed_for = models.GeneratedField(
        expression=models.Case(models.When(recipient__startswith="account:", then="recipient")),
        output_field=models.CharField(max_length=32, null=True),
        db_persist=False,
        help_text="the recipient, if it is an account, whose list may be long; empty: a customer of the shop",
    )

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["recipient", "kind", "order_id", "alert"], name="each_thing_told_once"),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["email", "emailed_at"], name="notifications_to_send"),
            # Few rows have a time, and only those are looked through.
            models.Index(fields=["email_due_at", "id"], name="notifications_due"),
            # Of an account: its list, what is of a kind and what is unread, each ending in the id. A customer's few
            # are found by what is told once. Nearly all are customers', so rows come to the ends of these.
            models.Index(fields=["listed_for"], name="notifications_of_somebody"),
            models.Index(fields=["listed_for", "kind"], name="notifications_of_a_kind"),
            models.Index(fields=["listed_for", "read_at"], name="notifications_unread"),
            # What is old.
            models.Index(fields=["created_at"], name="notifications_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.recipient}: {self.text}"


class RefusedAddress(models.Model):
    """An e-mail address that the mail server has refused for good. Deleting it lets the next message be tried."""

    address = models.EmailField(primary_key=True)
    reason = models.CharField(max_length=MAX_REASON, help_text="what the mail server said")
    at = models.DateTimeField()
    of_staff = models.BooleanField(help_text="whether an investigator or operator is told nothing by e-mail")

    class Meta:
        verbose_name_plural = "refused addresses"
        indexes: ClassVar[list[Any]] = [models.Index(fields=["at"], name="refused_addresses_by_time")]

    def __str__(self) -> str:
        return f"{self.address}: {self.reason}"


class Heartbeat(models.Model):
    """When somebody who ought to come regularly came last."""

    name = models.CharField(max_length=32, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {self.at:%Y-%m-%d %H:%M:%S}"
