"""The samples that all processes share: kept a little longer than a window, no closer than they need to be."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from monitoring.models import ClusterSample
from monitoring.verdicts import WINDOW, Partition, Position

KEPT = 2 * WINDOW

Groups = Mapping[str, Mapping[Partition, Position]]


def keep_sample(*, cluster: str, at: datetime, groups: Groups, spacing: timedelta) -> ClusterSample | None:
    """Keep a sample and forget old ones; None if there is one that is no older than `spacing`."""
    if ClusterSample.objects.filter(cluster=cluster, at__gt=at - spacing).exists():
        return None
    ClusterSample.objects.filter(at__lt=at - KEPT).delete()
    rows = {
        name: [[topic, number, each.committed, each.lag] for (topic, number), each in positions.items()]
        for name, positions in groups.items()
    }
    return ClusterSample.objects.create(cluster=cluster, at=at, groups=rows)
