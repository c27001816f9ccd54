from typing import Any, ClassVar

from django.db import models

ONE_OFFSET = "one_applied_offset_per_consumer_and_partition"
ONE_CHUNK = "one_chunk_per_consumer_partition_and_begin"


class AppliedOffset(models.Model):
    """How far a worker's results in this database reach; saved in the transaction that saves the results."""

    consumer = models.CharField(max_length=64)
    topic = models.CharField(max_length=249)
    partition = models.PositiveIntegerField()
    next_offset = models.PositiveBigIntegerField(help_text="the first offset not yet applied")

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["consumer", "topic", "partition"], name=ONE_OFFSET),
        ]

    def __str__(self) -> str:
        return f"{self.consumer}: {self.topic}[{self.partition}] to {self.next_offset}"


class HashKey(models.Model):
    """The secret by which identities of events are hashed; made once, and kept beside what is saved of the hashes."""

    ONLY = 1
    BYTES = 32

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY)
    key = models.BinaryField()

    def __str__(self) -> str:
        return "the key"


class RememberedChunk(models.Model):
    """Which events a stretch of a partition held, for recognising those that are sent again.

    Saved in the transaction that saves the results; see streaming/consuming/remembered.py.
    """

    consumer = models.CharField(max_length=64, help_text="and by which key its hashes are")
    topic = models.CharField(max_length=249)
    partition = models.PositiveIntegerField()
    begin = models.PositiveBigIntegerField(help_text="its first offset")
    end = models.PositiveBigIntegerField(help_text="the offset after its last")
    pairs = models.BinaryField(help_text="hashes, and offsets unless an event stood at each; see remembered.py")

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["consumer", "topic", "partition", "begin"], name=ONE_CHUNK),
        ]

    def __str__(self) -> str:
        return f"{self.consumer}: {self.topic}[{self.partition}] from {self.begin} to {self.end}"


class OutboxMessage(models.Model):
    """A record to be sent, written in the database transaction whose change it announces.

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


class BurialStreak(models.Model):
    """Many records of one partition that a group buried in a row; gone once one of them could be processed."""

    group = models.CharField(max_length=64)
    topic = models.CharField(max_length=249)
    partition = models.PositiveIntegerField()
    in_a_row = models.PositiveIntegerField()
    offset = models.PositiveBigIntegerField(help_text="of the last one")
    reason = models.CharField(max_length=400, help_text="of the last one")
    last_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["group", "topic", "partition"], name="one_burial_streak_per_group_and_partition"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.group}: {self.in_a_row} of {self.topic}[{self.partition}]"


class StoppedGroup(models.Model):
    """A consumer group that stands still, since it buried too many records in a row, until `manage.py resume`."""

    group = models.CharField(max_length=64, primary_key=True)
    since = models.DateTimeField(auto_now_add=True)
    topic = models.CharField(max_length=249)
    partition = models.PositiveIntegerField()
    offset = models.PositiveBigIntegerField(help_text="of the last record that it buried")
    reason = models.CharField(max_length=400, help_text="why it could not be processed")

    def __str__(self) -> str:
        return f"{self.group} since {self.since:%Y-%m-%d %H:%M:%S}"
