from django.db import models


class ClusterSample(models.Model):
    """Where every consumer group stood at one moment, so that all processes judge by the same window."""

    cluster = models.CharField(max_length=64, help_text="Kafka's own name of the cluster")
    at = models.DateTimeField(db_index=True)
    groups = models.JSONField(help_text="group → list of [topic, partition, committed offset, lag]")

    def __str__(self) -> str:
        return f"{self.cluster} at {self.at:%H:%M:%S}"
