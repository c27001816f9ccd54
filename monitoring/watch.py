"""The cluster as this process sees it: its present state with verdicts, and the rates of the last minutes."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock

from django.core.exceptions import ImproperlyConfigured

from monitoring.fresh import Fresh
from monitoring.observation import (
    GroupStatus,
    Observation,
    Outage,
    offsets_of,
    positions_of,
    reads_only_dead_letters,
    topics_of,
)
from monitoring.rates import Rates, Sample, latest_rates
from monitoring.verdicts import Partition, Position, judge
from streaming import clients, unread
from streaming.cluster import Cluster, Group, Unreachable, describe

FRESH_SECONDS = 1.0
STALLED_AFTER = timedelta(seconds=5)
"""A worker that is busy with one batch is not stalled."""
REMEMBERED = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Moment:
    """What is remembered of one observation."""

    at: datetime
    offsets: Sample
    positions: Mapping[str, Mapping[Partition, Position]]
    rates: Rates | None


class Watch:
    """Observes the cluster when asked, and remembers what it saw for some minutes."""

    def __init__(self, stalled_after: timedelta = STALLED_AFTER) -> None:
        self._stalled_after = stalled_after
        self._lock = Lock()
        self._moments: deque[Moment] = deque()
        self._written: dict[unread.Position, datetime] = {}

    def observe(self) -> Observation | Outage:
        try:
            cluster = describe(clients.admin())
        except (Unreachable, ImproperlyConfigured) as error:
            return Outage(datetime.now(UTC), str(error))
        with self._lock:
            self._remember(cluster)
            self._read_ages(cluster)
            before = self._positions_at(cluster.at - self._stalled_after)
            groups = [self._status(group, before.get(group.name, {}), cluster.at) for group in cluster.groups]
        return Observation(cluster, topics_of(cluster), tuple(groups))

    def rates_since(self, moment: datetime) -> list[Rates]:
        """Those of the last minutes that are newer, oldest first."""
        with self._lock:
            return [each.rates for each in self._moments if each.rates is not None and each.at > moment]

    def _remember(self, cluster: Cluster) -> None:
        offsets = offsets_of(cluster)
        rates = latest_rates([*(each.offsets for each in self._moments), offsets])
        positions = {group.name: positions_of(group) for group in cluster.groups}
        self._moments.append(Moment(cluster.at, offsets, positions, rates))
        while self._moments[0].at < cluster.at - REMEMBERED:
            self._moments.popleft()

    def _read_ages(self, cluster: Cluster) -> None:
        """When a record was written never changes, so only the positions that are not known yet are read."""
        waiting = {
            (each.topic, each.partition, each.committed) for group in cluster.groups for each in group.lags if each.lag
        }
        known = {position: at for position, at in self._written.items() if position in waiting}
        self._written = known | unread.received_at(waiting - known.keys())

    def _positions_at(self, moment: datetime) -> Mapping[str, Mapping[Partition, Position]]:
        """Where groups stood at the last observation by that moment; nothing if there is none."""
        return next((each.positions for each in reversed(self._moments) if each.at <= moment), {})

    def _status(self, group: Group, before: Mapping[Partition, Position], now: datetime) -> GroupStatus:
        return GroupStatus(
            group=group,
            ages={
                (each.topic, each.partition): _seconds(
                    self._written.get((each.topic, each.partition, each.committed)), now
                )
                for each in group.lags
                if each.lag
            },
            judgement=judge(
                positions_of(group), before, members=len(group.members), on_demand=reads_only_dead_letters(group)
            ),
        )


def _seconds(since: datetime | None, now: datetime) -> float | None:
    # The broker's clock stamped the record: it may be ahead of ours.
    return None if since is None else max(0.0, round((now - since).total_seconds(), 1))


watch = Watch()
latest = Fresh(watch.observe, seconds=FRESH_SECONDS)
