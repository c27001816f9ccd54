from typing import Any, ClassVar

from django.db import models


class HourlyTotal(models.Model):
    """What one user's transactions of one hour (UTC) add up to, in cents."""

    user_id = models.PositiveIntegerField()
    hour = models.DateTimeField(help_text="its beginning")
    total_cents = models.BigIntegerField(default=0, help_text="every record of the topic, refunds negative")
    transaction_count = models.IntegerField(
        default=0, help_text="below 0 only while a correction is here before what it takes back"
    )
    settled_cents = models.BigIntegerField(default=0, help_text="orders that became SUCCESS in this hour")
    failed_cents = models.BigIntegerField(default=0, help_text="transactions that became FAILED in this hour")
    refunded_cents = models.BigIntegerField(default=0, help_text="refunds that became SUCCESS in this hour, positive")

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["user_id", "hour"], name="one_total_per_user_and_hour"),
        ]
        indexes: ClassVar[list[Any]] = [models.Index(fields=["hour"], name="totals_of_an_hour")]

    def __str__(self) -> str:
        return f"user {self.user_id}, {self.hour:%Y-%m-%d %H:00}: {self.total_cents} cents"


class ShopHour(models.Model):
    """What all users' transactions of one hour (UTC) add up to, in cents: the sums of the rows of HourlyTotal.

    Changed in each transaction that changes those, after them; so whoever has its lock waits for nobody.
    """

    hour = models.DateTimeField(primary_key=True, help_text="its beginning")
    total_cents = models.BigIntegerField()
    transaction_count = models.BigIntegerField()
    settled_cents = models.BigIntegerField()
    failed_cents = models.BigIntegerField()
    refunded_cents = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H:00}: {self.total_cents} cents"
