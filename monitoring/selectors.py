from datetime import datetime

from monitoring.models import ClusterSample
from monitoring.services import Groups
from monitoring.verdicts import Position


def samples_since(*, cluster: str, moment: datetime) -> dict[datetime, Groups]:
    """Where every group stood, by the moment at which some process looked."""
    rows = ClusterSample.objects.filter(cluster=cluster, at__gte=moment)
    return {
        row.at: {
            name: {(topic, number): Position(committed, lag) for topic, number, committed, lag in positions}
            for name, positions in row.groups.items()
        }
        for row in rows
    }
