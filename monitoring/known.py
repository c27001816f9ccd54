"""Consumer groups that were seen once, or belong to the platform: they stay in view when Kafka has forgotten them."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from monitoring.verdicts import Partition
from streaming.cluster import Cluster, Group, PartitionState
from streaming.lag import PartitionLag

GONE = "GONE"
"""The state of a group that Kafka does not list."""


class KnownGroups:
    """Remembers where each group stood in each partition.

    expected: the topics of the groups that ought to be there. One that has never committed lags by all that is kept.
    """

    def __init__(self, expected: Mapping[str, Iterable[str]]) -> None:
        self._expected = {name: frozenset(topics) for name, topics in expected.items()}
        self._lags: dict[str, dict[Partition, PartitionLag]] = {name: {} for name in self._expected}

    def complete(self, cluster: Cluster) -> Cluster:
        """The cluster with what it lacks of the groups known so far."""
        partitions = {(each.topic, each.number): each for each in cluster.partitions}
        present = {group.name: group for group in cluster.groups}
        for group in cluster.groups:
            self._lags.setdefault(group.name, {})
        groups = tuple(
            self._complete(present.get(name) or Group(name, GONE, (), ()), partitions) for name in sorted(self._lags)
        )
        return replace(cluster, groups=groups)

    def _complete(self, group: Group, partitions: Mapping[Partition, PartitionState]) -> Group:
        topics = self._expected.get(group.name, frozenset())
        begun = {
            each: PartitionLag(*each, state.begin, state.end)
            for each, state in partitions.items()
            if state.topic in topics and state.begin is not None and state.end is not None
        }
        remembered = {
            each: _now(lag, partitions[each]) for each, lag in self._lags[group.name].items() if each in partitions
        }
        told = {(lag.topic, lag.partition): lag for lag in group.lags}
        lags = self._lags[group.name] = begun | remembered | told
        return replace(group, lags=tuple(lags[each] for each in sorted(lags)))


def _now(lag: PartitionLag, partition: PartitionState) -> PartitionLag:
    """The same position before the partition's present end; an offline partition is as it was."""
    if partition.end is None:
        return lag
    return PartitionLag(lag.topic, lag.partition, max(lag.committed, partition.begin or 0), partition.end)
