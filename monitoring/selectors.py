import json
import zlib
from datetime import datetime

from monitoring.models import ClusterSample, StoredSnapshot
from monitoring.rates import Rates
from monitoring.services import Groups
from monitoring.snapshot import Snapshot
from monitoring.verdicts import Position


def samples_since(*, cluster: str, moment: datetime) -> dict[datetime, Groups]:
    """Where every group stood, by the moment of the observation."""
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


def latest_snapshot() -> Snapshot | None:
    """run_monitor's latest snapshot of Kafka; None: it never took one."""
    row = StoredSnapshot.objects.first()
    if row is None:
        return None
    return Snapshot(
        at=row.at,
        seconds=row.seconds,
        why=row.why,
        out_since=row.out_since,
        seen=None if row.seen is None else json.loads(zlib.decompress(row.seen)),
    )
