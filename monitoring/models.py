from django.db import models
from django.db.models import CheckConstraint, Q


class ClusterSample(models.Model):
    """Where every consumer group stood at one moment, and how fast records came, for verdicts and charts."""

    cluster = models.CharField(max_length=64, help_text="Kafka's own name of the cluster")
    at = models.DateTimeField(db_index=True)
    groups = models.JSONField(
        help_text="group → list of [topic, partition, committed offset, lag, of these held by an open transaction]"
    )
    rates = models.JSONField(null=True, help_text="records per second of topics and of groups; null: not known yet")

    def __str__(self) -> str:
        return f"{self.cluster} at {self.at:%H:%M:%S}"


class StoredSnapshot(models.Model):
    """run_monitor's latest snapshot of Kafka, or why it has none. The API shows this row and never asks Kafka."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    at = models.DateTimeField()
    seconds = models.FloatField(help_text="how long it took")
    why = models.TextField(help_text="why Kafka could not be observed; empty: it could")
    out_since = models.DateTimeField(null=True, help_text="since when it could not; null: it could")
    seen = models.BinaryField(
        null=True,
        # Some 10 kB every two seconds would fill MySQL's binlog, which holds each row before and after a change.
        help_text="the last observation that succeeded: JSON, compressed by zlib; null: none ever did",
    )

    class Meta:
        db_table = "monitoring_latestlook"
        constraints = (CheckConstraint(condition=Q(id=1), name="there_is_one_latest_look"),)

    def __str__(self) -> str:
        return f"{self.at:%H:%M:%S}: {self.why or 'seen'}"
