"""The cluster at one moment, with what to think of it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from monitoring.rates import Sample
from monitoring.reasons import PartitionVerdict
from monitoring.verdicts import Hearing, Judgement, Position
from streaming.inspecting.cluster import Cluster, Group, PartitionState
from streaming.inspecting.lag import PartitionLag
from streaming.partitioner import Partition
from streaming.topics import DEAD_LETTERS


@dataclass(frozen=True, slots=True)
class GroupStatus:
    """A consumer group, and what to think of it."""

    group: Group
    ages: Mapping[Partition, float | None]
    """seconds that the oldest unread record of a lagging partition has waited; None: could not be read in time"""
    judgement: Judgement

    def age_of(self, lag: PartitionLag) -> float | None:
        """Seconds that the oldest unread record of a partition has waited; None: could not be read in time."""
        return self.ages[lag.topic, lag.partition] if lag.lag else 0.0

    def verdict_of(self, partition: Partition) -> PartitionVerdict:
        return self.judgement.partitions.get(partition, PartitionVerdict.OK)

    @property
    def lag(self) -> int:
        return sum(each.lag for each in self.group.lags)

    @property
    def lag_seconds(self) -> float | None:
        """None if records wait and no age is known."""
        known = [age for age in self.ages.values() if age is not None]
        return max(known) if known else None if self.ages else 0.0


def is_internal(topic: str) -> bool:
    return topic.startswith("_")


@dataclass(frozen=True, slots=True)
class TopicStatus:
    name: str
    partitions: tuple[PartitionState, ...]

    @property
    def records(self) -> int:
        return sum(partition.records for partition in self.partitions)

    @property
    def is_internal(self) -> bool:
        return is_internal(self.name)

    @property
    def holds_dead_letters(self) -> bool:
        return self.name.endswith(DEAD_LETTERS)


@dataclass(frozen=True, slots=True)
class Observation:
    cluster: Cluster
    topics: tuple[TopicStatus, ...]
    groups: tuple[GroupStatus, ...]
    buried: Mapping[str, int | None] = field(default_factory=dict)
    """how many messages wait in each dead-letter topic; None: not counted yet"""

    @property
    def under_replicated(self) -> list[PartitionState]:
        return [each for each in self.cluster.partitions if each.is_under_replicated]

    @property
    def offline(self) -> list[PartitionState]:
        return [each for each in self.cluster.partitions if each.leader is None]

    @property
    def dead_letters(self) -> list[tuple[TopicStatus, int]]:
        """Each dead-letter topic, and how many of its records have not been sent through again."""
        waiting = letters_waiting(self.cluster)
        return [
            (
                topic,
                sum(end - start for (name, _), (start, end) in waiting.items() if name == topic.name),
            )
            for topic in self.topics
            if topic.holds_dead_letters
        ]


def letters_waiting(cluster: Cluster) -> dict[Partition, tuple[int, int]]:
    """For each partition of dead letters whose end is known, from where to where they have not been sent again."""
    redriven = {(e.topic, e.partition): e.committed for group in cluster.groups for e in group.lags}
    letters = [each for each in cluster.partitions if each.topic.endswith(DEAD_LETTERS) and each.end is not None]
    return {(each.topic, each.number): _between(redriven.get((each.topic, each.number), 0), each) for each in letters}


def _between(redriven: int, partition: PartitionState) -> tuple[int, int]:
    # Letters behind an open transaction are not there yet.
    end = (partition.end or 0) - partition.held
    return min(end, max(partition.begin or 0, redriven)), end


@dataclass(frozen=True, slots=True)
class Outage:
    """Kafka could not be observed."""

    at: datetime
    why: str


def positions_of(group: Group) -> dict[Partition, Position]:
    return {(each.topic, each.partition): Position(each.committed, each.lag, each.held) for each in group.lags}


def open_transactions(cluster: Cluster) -> set[tuple[str, int, int]]:
    """Where the first record stands that an open transaction keeps from readers: (topic, partition, offset).

    Kafka's own topics are left out: who commits offsets in a transaction holds one open in there, too.
    """
    return {
        (each.topic, each.number, each.stable)
        for each in cluster.partitions
        if each.held and each.stable is not None and not is_internal(each.topic)
    }


def with_open_transactions(cluster: Cluster, since: Mapping[tuple[str, int, int], datetime]) -> Cluster:
    """The cluster with the moments at which transactions began, by the place of their first record."""
    partitions = tuple(
        replace(each, open_since=since.get((each.topic, each.number, each.stable))) if each.stable is not None else each
        for each in cluster.partitions
    )
    return replace(cluster, partitions=partitions)


def hearing_of(cluster: Cluster) -> Hearing:
    """What the brokers answered of partitions."""
    return Hearing(
        silent={(each.topic, each.number) for each in cluster.partitions if each.end is None},
        open_since={(each.topic, each.number): each.open_since for each in cluster.partitions if each.open_since},
    )


def without_markers(cluster: Cluster, nothing_after: Collection[tuple[str, int, int]]) -> Cluster:
    """The cluster with no lag at these (topic, partition, offset), after which there is no record for readers.

    What stands behind an open transaction is lag: readers are not given it yet.
    """
    groups = tuple(
        replace(
            group,
            lags=tuple(
                replace(each, markers=each.end - each.committed - each.held)
                if (each.topic, each.partition, each.committed) in nothing_after
                else each
                for each in group.lags
            ),
        )
        for group in cluster.groups
    )
    return replace(cluster, groups=groups)


def topics_of(cluster: Cluster) -> tuple[TopicStatus, ...]:
    names = sorted({each.topic for each in cluster.partitions})
    return tuple(TopicStatus(name, tuple(p for p in cluster.partitions if p.topic == name)) for name in names)


def reads_only_dead_letters(group: Group) -> bool:
    return all(each.topic.endswith(DEAD_LETTERS) for each in group.lags)


def offsets_of(cluster: Cluster) -> Sample:
    """What rates are made of; dead letters and Kafka's own topics are not traffic."""
    return Sample(
        at=cluster.at,
        topics={
            topic.name: {each.number: each.end for each in topic.partitions if each.end is not None}
            for topic in topics_of(cluster)
            if not topic.is_internal and not topic.holds_dead_letters
        },
        groups={
            group.name: {(each.topic, each.partition): each.committed for each in group.lags}
            for group in cluster.groups
            if not reads_only_dead_letters(group)
        },
    )
