"""The cluster at this moment, with verdicts from the moments before it."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import structlog
from django.core.exceptions import ImproperlyConfigured
from django.db import Error

from monitoring import rates
from monitoring.known_groups import SILENT, KnownGroups
from monitoring.observation import (
    GroupStatus,
    Observation,
    Outage,
    hearing_of,
    letters_waiting,
    offsets_of,
    open_transactions,
    positions_of,
    reads_only_dead_letters,
    topics_of,
    with_open_transactions,
    without_markers,
)
from monitoring.rates import latest_rates
from monitoring.selectors import samples_since
from monitoring.services import Groups, keep_sample
from monitoring.verdicts import WINDOW, Hearing, Sample, judge
from streaming import clients
from streaming.inspecting import record_timestamps
from streaming.inspecting.cluster import Cluster, Group, Unreachable
from streaming.inspecting.describing import describe
from streaming.inspecting.lag import PartitionLag
from streaming.inspecting.waiting_letters import BuriedMessages

log = structlog.get_logger(__name__)

REMEMBERED = timedelta(minutes=1)
SAMPLES_IN_A_WINDOW = 15
"""More of them add nothing, however often somebody looks."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What is remembered of one observation."""

    at: datetime
    offsets: rates.Sample
    groups: Groups


class Observer:
    """Observes the cluster when asked, and keeps samples of what it saw, so that a restart forgets nothing."""

    def __init__(self, window: timedelta = WINDOW, known: KnownGroups | None = None) -> None:
        self._window = window
        self._known = known
        self._moments: deque[Moment] = deque()
        self._written: dict[record_timestamps.Position, datetime] = {}
        self._opened: dict[record_timestamps.Position, datetime] = {}
        self._buried = BuriedMessages()
        self._is_new = False
        """whether the admin client has not answered anything yet"""

    def observe(self) -> Observation | Outage:
        try:
            cluster = self._describe()
        except Unreachable as error:
            return Outage(datetime.now(UTC), str(error))
        except ImproperlyConfigured as error:
            return Outage(datetime.now(UTC), str(error))
        if self._known:
            cluster = self._known.complete(cluster)
        cluster = self._read_ages(self._read_transactions(cluster))
        self._remember(cluster)
        samples = self._samples(cluster)
        hearing = hearing_of(cluster)
        groups = tuple(self._status(group, samples, hearing, cluster.at) for group in cluster.groups)
        unknown = dict.fromkeys((topic for topic, _ in hearing.silent), None)
        buried = self._buried.count(letters_waiting(cluster)) | unknown
        return Observation(cluster, topics_of(cluster), groups, buried)

    def _describe(self) -> Cluster:
        """The cluster as a client describes it that knows who answers; raises Unreachable.

        A broker that hangs keeps its connections, and a client goes on asking it for what any broker could answer. A
        new client takes only those for alive that answered it. So who got no whole answer asks once more, by a new
        one; and as long as a broker is silent, each observation has a client of its own.
        """
        is_new, self._is_new = self._is_new, True
        try:
            cluster = describe(clients.admin())
        except Unreachable:
            clients.renew_admin()
            if is_new:
                raise
            return self._describe()
        if cluster.is_whole:
            self._is_new = False
            return cluster
        clients.renew_admin()
        return cluster if is_new else self._describe()

    def _remember(self, cluster: Cluster) -> None:
        groups = {group.name: positions_of(group) for group in cluster.groups}
        self._moments.append(Moment(cluster.at, offsets_of(cluster), groups))
        while self._moments[0].at < cluster.at - REMEMBERED:
            self._moments.popleft()

    def _read_transactions(self, cluster: Cluster) -> Cluster:
        """Read since when transactions are open: the first record that nobody is given bears when it was received.

        Where that cannot be read, it is since it was seen first.
        """
        held = open_transactions(cluster)
        new = record_timestamps.received_at(held - self._opened.keys(), isolation=record_timestamps.READ_UNCOMMITTED)
        seen = {position: min(new.get(position) or cluster.at, cluster.at) for position in held}
        self._opened = seen | {position: at for position, at in self._opened.items() if position in held}
        return with_open_transactions(cluster, self._opened)

    def _read_ages(self, cluster: Cluster) -> Cluster:
        """Read since when the oldest unread records wait; gives the cluster without lag that nobody can read.

        When a record was written never changes, so only the positions that are not known yet are read.
        """
        silent = hearing_of(cluster).silent
        waiting = {
            (each.topic, each.partition, each.committed)
            for group in cluster.groups
            for each in group.lags
            if each.lag and (each.topic, each.partition) not in silent
        }
        known = {position: at for position, at in self._written.items() if position in waiting}
        read = record_timestamps.received_at(waiting - known.keys())
        nothing = {position for position, at in read.items() if at is None}
        self._written = known | {position: at for position, at in read.items() if at is not None}
        return without_markers(cluster, nothing)

    def _samples(self, cluster: Cluster) -> list[tuple[datetime, Groups]]:
        """What this process and those before it saw since before the window, oldest first, ending now."""
        since = cluster.at - 2 * self._window
        samples = {each.at: each.groups for each in self._moments if each.at >= since}
        try:
            keep_sample(
                cluster=cluster.id,
                at=cluster.at,
                groups=samples[cluster.at],
                spacing=self._window / SAMPLES_IN_A_WINDOW,
                rates=latest_rates([each.offsets for each in self._moments]),
            )
            samples |= samples_since(cluster=cluster.id, moment=since)
        except Error as error:
            # Kafka is watched also while the database is away, if only by what this process saw itself.
            log.warning("samples are not kept", error=str(error))
        return sorted(
            ((at, groups) for at, groups in samples.items() if at <= cluster.at), key=lambda sample: sample[0]
        )

    def _status(
        self, group: Group, samples: Sequence[tuple[datetime, Groups]], hearing: Hearing, now: datetime
    ) -> GroupStatus:
        return GroupStatus(
            group=group,
            ages={
                (each.topic, each.partition): _seconds(self._waits_since(each, hearing), now)
                for each in group.lags
                if each.lag
            },
            judgement=judge(
                [Sample(at, groups[group.name]) for at, groups in samples if group.name in groups],
                members=len(group.members),
                read=group.assigned,
                on_demand=reads_only_dead_letters(group),
                hearing=replace(hearing, is_heard=group.state != SILENT),
                window=self._window,
            ),
        )

    def _waits_since(self, lag: PartitionLag, hearing: Hearing) -> datetime | None:
        if lag.held >= lag.lag:
            return hearing.open_since.get((lag.topic, lag.partition))
        return self._written.get((lag.topic, lag.partition, lag.committed))


def _seconds(since: datetime | None, now: datetime) -> float | None:
    # The broker's clock stamped the record: it may be ahead of ours.
    return None if since is None else max(0.0, round((now - since).total_seconds(), 1))
