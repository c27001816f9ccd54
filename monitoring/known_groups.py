"""Consumer groups that were seen once, or belong to the platform: they stay in view when Kafka has forgotten them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from streaming.inspecting.cluster import Cluster, Group, PartitionState
from streaming.inspecting.lag import PartitionLag
from streaming.partitioner import Partition

GONE = "GONE"
"""The state of a group that Kafka does not list."""
SILENT = "SILENT"
"""The state of a group of which nothing is heard: its coordinator does not answer."""


class KnownGroups:
    """Remembers where each group stood in each partition.

    expected: the topics of the groups that ought to be there. One that has never committed lags by all that is kept.
    out_of_use: groups that the settings do not want; once deploy_connectors has deleted them, nobody misses them.
    """

    def __init__(self, expected: Mapping[str, Iterable[str]], out_of_use: Iterable[str] = ()) -> None:
        self._out_of_use = frozenset(out_of_use)
        self._expected = {name: frozenset(topics) for name, topics in expected.items()}
        self._lags: dict[str, dict[Partition, PartitionLag]] = {name: {} for name in self._expected}

    def complete(self, cluster: Cluster) -> Cluster:
        """The cluster with what it lacks of the groups known so far."""
        partitions = {(each.topic, each.number): each for each in cluster.partitions}
        present = {group.name: group for group in cluster.groups}
        # A broker that does not answer may be the one that knows the group.
        absent = SILENT if cluster.lacks_groups else GONE
        for group in cluster.groups:
            self._lags.setdefault(group.name, {})
        self._forget(present, partitions, cluster.lacks_groups)
        groups = tuple(
            self._complete(present.get(name) or Group(name, absent, (), ()), partitions) for name in sorted(self._lags)
        )
        return replace(cluster, groups=groups)

    def _forget(self, present: Collection[str], partitions: Collection[Partition], lacks_groups: bool) -> None:
        """Leave out what somebody deleted together with its topics; the platform's own groups stay in view."""
        for name, lags in list(self._lags.items()):
            deleted = name in self._out_of_use and not lacks_groups
            without_topics = name not in self._expected and lags.keys().isdisjoint(partitions)
            if name not in present and (deleted or without_topics):
                del self._lags[name]

    def _complete(self, group: Group, partitions: Mapping[Partition, PartitionState]) -> Group:
        topics = self._expected.get(group.name, frozenset())
        begun = {
            each: state.lag_from(0)
            for each, state in partitions.items()
            if state.topic in topics and state.end is not None
        }
        remembered = {
            # Where a group stands of which nothing is heard is not known: its lag is as it was.
            each: lag if group.state == SILENT else _now(lag, partitions[each])
            for each, lag in self._lags[group.name].items()
            if each in partitions
        }
        described = {(lag.topic, lag.partition): lag for lag in group.lags}
        lags = self._lags[group.name] = begun | remembered | described
        return replace(group, lags=tuple(lags[each] for each in sorted(lags)))


def _now(lag: PartitionLag, partition: PartitionState) -> PartitionLag:
    """The same position before the partition's present end; an offline partition is as it was.

    A partition whose end went back was made anew: of that one, nothing has been read.
    """
    if partition.end is None:
        return lag
    return partition.lag_from(lag.committed if partition.end >= lag.end else 0)
