"""What run_monitor writes down: samples for verdicts and charts, and how its latest look went."""

import json
import zlib
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction
from rest_framework.utils.encoders import JSONEncoder

from monitoring.models import ClusterSample, LatestLook
from monitoring.observation import Observation, Outage
from monitoring.rates import Rates
from monitoring.serializers import ObservationSerializer
from monitoring.verdicts import WINDOW, Partition, Position

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


def keep_look(*, observed: Observation | Outage, seconds: float) -> LatestLook:
    """Put a look in the place of the one before it.

    seconds: how long it took. An outage began with the first look that failed, and leaves what was seen before it.
    """
    with transaction.atomic():
        before = LatestLook.objects.select_for_update().first()
        look = LatestLook(seconds=seconds, seen=before and before.seen)
        if isinstance(observed, Outage):
            look.at, look.why = observed.at, observed.why
            look.out_since = before.out_since if before and before.out_since else observed.at
        else:
            look.at, look.seen = observed.cluster.at, _compressed(observed)
        look.save(force_insert=before is None, force_update=before is not None)
    return look


def _compressed(observed: Observation) -> bytes:
    return zlib.compress(json.dumps(ObservationSerializer(observed).data, cls=JSONEncoder).encode())
