from typing import Any, ClassVar

from django.db import models

from analytics.fields import HourField


class HourlyTotal(models.Model):
    """What one user's transactions of one hour (UTC) add up to, in cents.

    Rows lie in the order of hours, in which orders come: what is added to an hour is added to few pages, however large
    the table is.
    """

    pk = models.CompositePrimaryKey("hour", "user_id")
    user_id = models.PositiveIntegerField()
    hour = HourField(help_text="its beginning, in hours since 1970")
    total_cents = models.BigIntegerField(default=0, help_text="every record of the topic, refunds negative")
    transaction_count = models.IntegerField(
        default=0, help_text="below 0 only while a correction is here before what it takes back"
    )
    settled_cents = models.BigIntegerField(default=0, help_text="orders that became SUCCESS in this hour")
    failed_cents = models.BigIntegerField(default=0, help_text="transactions that became FAILED in this hour")
    refunded_cents = models.BigIntegerField(default=0, help_text="refunds that became SUCCESS in this hour, positive")

    class Meta:
        indexes: ClassVar[list[Any]] = [models.Index(fields=["user_id", "hour"], name="totals_of_a_user")]

    def __str__(self) -> str:
        return f"user {self.user_id}, {self.hour:%Y-%m-%d %H:00}: {self.total_cents} cents"


class ShopHour(models.Model):
    """What all users' transactions of one hour (UTC) add up to, in cents: the sums of the rows of HourlyTotal.

    Changed in each transaction that changes those, after them; so whoever has its lock waits for nobody.
    """

    hour = HourField(primary_key=True, help_text="its beginning, in hours since 1970")
    total_cents = models.BigIntegerField()
    transaction_count = models.BigIntegerField()
    settled_cents = models.BigIntegerField()
    failed_cents = models.BigIntegerField()
    refunded_cents = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H:00}: {self.total_cents} cents"
