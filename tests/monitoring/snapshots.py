"""Observations made up."""

from datetime import datetime

from monitoring.observation import GroupStatus, Observation, topics_of
from monitoring.reasons import PartitionVerdict, Reason
from monitoring.verdicts import Judgement
from streaming.inspecting.cluster import Broker, Cluster, Group, Member, PartitionState
from streaming.inspecting.lag import PartitionLag


def observation(at: datetime, *, end: int = 10, trend: float = -2.0) -> Observation:
    """One broker, one topic, and the group fraud that has read six records; the oldest other has waited for 1.5 s."""
    partition = PartitionState("transactions", 0, leader=1, replicas=1, in_sync=1, begin=0, end=end, preferred_leader=1)
    group = Group(
        "fraud",
        "STABLE",
        members=(Member("rdkafka", "127.0.0.1", 1),),
        lags=(PartitionLag("transactions", 0, committed=6, end=end),),
        assigned=frozenset({("transactions", 0)}),
    )
    judgement = Judgement(
        Reason.MOVING,
        "Records wait and it is reading them.",
        {("transactions", 0): PartitionVerdict.OK},
        trend=trend,
        seconds_to_clear=(end - 6) / -trend,
        watched_seconds=30,
    )
    cluster = Cluster(at, "cluster", 1, (Broker(1, "127.0.0.1", 9092),), (partition,), (group,))
    return Observation(cluster, topics_of(cluster), (GroupStatus(group, {("transactions", 0): 1.5}, judgement),))
