import json
import zlib
from datetime import datetime

from monitoring.models import ClusterSample, LatestLook
from monitoring.rates import Rates
from monitoring.services import Groups
from monitoring.snapshot import Look
from monitoring.verdicts import Position


def samples_since(*, cluster: str, moment: datetime) -> dict[datetime, Groups]:
    """Where every group stood, by the moment of the look."""
    rows = ClusterSample.objects.filter(cluster=cluster, at__gte=moment)
    return {
        row.at: {
            name: {(topic, number): Position(*position) for topic, number, *position in positions}
            for name, positions in row.groups.items()
        }
        for row in rows
    }


def rates_since(moment: datetime) -> list[Rates]:
    """Those of the last minutes that are newer, oldest first."""
    rows = ClusterSample.objects.filter(at__gt=moment, rates__isnull=False).order_by("at").values_list("at", "rates")
    return [Rates(at, **rates) for at, rates in rows if rates]


def latest_look() -> Look | None:
    """How run_monitor's latest look went; None if it never looked."""
    row = LatestLook.objects.first()
    if row is None:
        return None
    return Look(
        at=row.at,
        seconds=row.seconds,
        why=row.why,
        out_since=row.out_since,
        seen=None if row.seen is None else json.loads(zlib.decompress(row.seen)),
    )
