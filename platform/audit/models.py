from typing import Any, ClassVar

from django.db import models


class AuditLine(models.Model):
    """That one of the shop's own people read data of others. It is added once, and then nobody changes it.

    Triggers of the table refuse that (migration 0002): a migration that makes the table anew, as Django does on SQLite
    for most changes of columns, has to make them anew, too. Ids in place of foreign keys: accounts may go, lines stay.
    """

    at = models.DateTimeField(help_text="when it was answered")
    account_id = models.PositiveIntegerField(help_text="who read: an account here")
    role = models.CharField(max_length=64, help_text="the roles that the account had then")
    address = models.CharField(max_length=39, blank=True, help_text="of the client")
    request_id = models.CharField(max_length=128, help_text="the answer's X-Request-Id, which the logs have too")
    route = models.CharField(max_length=100, help_text="the name of what was asked")
    method = models.CharField(max_length=10)
    format = models.CharField(max_length=4, help_text="json, csv or html")
    status = models.PositiveSmallIntegerField(help_text="of the answer")
    user_id = models.PositiveIntegerField(
        null=True, help_text="whose data, by the shop's number: who was asked for, or whose the one row is"
    )
    order_id = models.CharField(max_length=64, blank=True, help_text="which order was asked for")
    object_id = models.CharField(max_length=64, blank=True, help_text="which alert, or which row of the admin")
    asked = models.CharField(max_length=500, blank=True, help_text="what narrowed a list besides, as JSON")
    shown = models.PositiveIntegerField(null=True, help_text="how many rows; empty: all of a long list, as CSV")

    class Meta:
        db_table = "audit_log"
        indexes: ClassVar[list[Any]] = [
            # Each ends in the id, the order in which the log is read.
            models.Index(fields=["account_id"], name="audit_log_by_reader"),
            models.Index(fields=["user_id"], name="audit_log_by_user"),
            models.Index(fields=["order_id"], name="audit_log_by_order"),
            models.Index(fields=["at"], name="audit_log_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S}, account {self.account_id}: {self.method} {self.route}"
