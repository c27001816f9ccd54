"""What run_monitor writes down: samples for verdicts and charts, and its latest snapshot of Kafka."""

import json
import zlib
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction
from rest_framework.utils.encoders import JSONEncoder

from monitoring.models import ClusterSample, StoredSnapshot
from monitoring.observation import Observation, Outage
from monitoring.rates import Rates
from monitoring.serializers import ObservationSerializer
from monitoring.verdicts import WINDOW, Position
from streaming.partitioner import Partition

KEPT = max(2 * WINDOW, timedelta(minutes=5))
"""Verdicts look back over a window, charts over five minutes."""

Groups = Mapping[str, Mapping[Partition, Position]]


def keep_sample(
    *, cluster: str, at: datetime, groups: Groups, spacing: timedelta, rates: Rates | None = None
) -> ClusterSample | None:
    """Keep a sample and forget old ones; None if there is one that is no older than `spacing`."""
    if ClusterSample.objects.filter(cluster=cluster, at__gt=at - spacing).exists():
        return None
    ClusterSample.objects.filter(at__lt=at - KEPT).delete()
    rows = {
        name: [[topic, number, each.committed, each.lag, each.held] for (topic, number), each in positions.items()]
        for name, positions in groups.items()
    }
    per_second = rates and {"topics": rates.topics, "groups": rates.groups}
    return ClusterSample.objects.create(cluster=cluster, at=at, groups=rows, rates=per_second)


def store_snapshot(*, observed: Observation | Outage, seconds: float) -> StoredSnapshot:
    """Put a snapshot in the place of the one before it.

    seconds: how long it took. An outage began with the first snapshot that failed; it leaves what was seen before it.
    """
    with transaction.atomic():
        before = StoredSnapshot.objects.select_for_update().first()
        snapshot = StoredSnapshot(seconds=seconds, seen=before and before.seen)
        if isinstance(observed, Outage):
            snapshot.at, snapshot.why = observed.at, observed.why
            snapshot.out_since = before.out_since if before and before.out_since else observed.at
        else:
            snapshot.at, snapshot.seen = observed.cluster.at, _compressed(observed)
        snapshot.save(force_insert=before is None, force_update=before is not None)
    return snapshot


def _compressed(observed: Observation) -> bytes:
    return zlib.compress(json.dumps(ObservationSerializer(observed).data, cls=JSONEncoder).encode())
