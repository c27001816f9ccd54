from typing import Any, ClassVar

from django.db import models


class AppliedOffset(models.Model):
    """How far a worker's results in this database reach; saved in the transaction that saves the results."""

    consumer = models.CharField(max_length=64)
    topic = models.CharField(max_length=249)
    partition = models.PositiveIntegerField()
    next_offset = models.PositiveBigIntegerField(help_text="the first offset not yet applied")

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["consumer", "topic", "partition"], name="one_applied_offset_per_consumer_and_partition"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.consumer}: {self.topic}[{self.partition}] to {self.next_offset}"


class OutboxMessage(models.Model):
    """A record to be sent, written in the database transaction whose change it tells of.

    Debezium's outbox router or run_relay carries it to its topic; the payload is the record's whole value.
    """

    id = models.BigAutoField(primary_key=True)
    topic = models.CharField(max_length=249)
    message_key = models.CharField(max_length=64)
    payload = models.BinaryField()
    traceparent = models.CharField(max_length=55, null=True)  # noqa: DJ001 - Debezium leaves the header out only for NULL
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "outbox"

    def __str__(self) -> str:
        return f"{self.topic} {self.message_key} ({len(self.payload)} bytes)"
