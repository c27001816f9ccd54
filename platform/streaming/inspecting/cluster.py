"""What the cluster looks like at this moment: brokers, partitions, consumer groups."""

from dataclasses import dataclass
from datetime import datetime

from streaming.inspecting.lag import PartitionLag
from streaming.partitioner import Partition


class Unreachable(RuntimeError):
    """Kafka did not answer, or refused to; says so without naming hosts or accounts."""


@dataclass(frozen=True, slots=True)
class Broker:
    id: int
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class PartitionState:
    topic: str
    number: int
    leader: int | None
    """the broker that serves it; None: it is offline"""
    replicas: int
    in_sync: int
    begin: int | None
    """the offset of the oldest record still kept"""
    end: int | None
    """the offset that the next record will get; None: offline"""
    preferred_leader: int | None = None
    """the broker that should serve it"""
    stable: int | None = None
    """the offset from which on consumers of committed records are given none; None: not known"""
    open_since: datetime | None = None
    """when the transaction began that is open there; None: none is"""

    @property
    def held(self) -> int:
        """How many records, or a few more, stand behind an open transaction."""
        return 0 if self.end is None or self.stable is None else max(0, self.end - self.stable)

    def lag_from(self, offset: int) -> PartitionLag:
        """The lag of who reads this offset next; the partition's begin and end must be known.

        An offset beyond the end is of a topic of the same name that was deleted: all that is kept waits.
        """
        begin, end = self.begin or 0, self.end or 0
        starts = begin if offset > end else max(offset, begin)
        return PartitionLag(self.topic, self.number, starts, end, held=max(0, min(self.held, end - starts)))

    @property
    def is_under_replicated(self) -> bool:
        return self.in_sync < self.replicas

    @property
    def records(self) -> int:
        return (self.end or 0) - (self.begin or 0)


@dataclass(frozen=True, slots=True)
class Member:
    client_id: str
    host: str
    partitions: int


@dataclass(frozen=True, slots=True)
class Group:
    """A consumer group, whether or not anybody is in it."""

    name: str
    state: str
    members: tuple[Member, ...]
    lags: tuple[PartitionLag, ...]
    assigned: frozenset[Partition] = frozenset()
    """the partitions that some member has been given"""


@dataclass(frozen=True, slots=True)
class Cluster:
    at: datetime
    id: str
    controller: int | None
    brokers: tuple[Broker, ...]
    partitions: tuple[PartitionState, ...]
    groups: tuple[Group, ...]
    silent: tuple[int, ...] = ()
    """the brokers that lead partitions and do not answer, as one that hangs before the others notice"""
    lacks_groups: bool = False
    """whether some broker did not name the groups that it coordinates"""

    @property
    def answering(self) -> tuple[Broker, ...]:
        return tuple(each for each in self.brokers if each.id not in self.silent)

    @property
    def is_whole(self) -> bool:
        return not self.silent and not self.lacks_groups
