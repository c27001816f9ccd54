"""What operators see while records are buried in a row, and consumer groups that stand still until they say so."""

from collections.abc import Mapping
from datetime import timedelta
from time import monotonic

import structlog
from django.db import close_old_connections
from django.db.models import QuerySet
from django.utils import timezone
from prometheus_client import Gauge

from streaming.consuming.burial_streaks import Streak, TooManyInvalidMessages
from streaming.models import BurialStreak, StoppedGroup
from streaming.partitioner import Partition
from streaming.telemetry.metrics import REGISTRY

log = structlog.get_logger(__name__)

WORTH_RECORDING = 100
"""So many in a row are no single strange record any more."""
GOES_ON_WHILE = timedelta(minutes=5)
"""How long after its last burial a streak counts as going on."""
REMEMBERED_SECONDS = 5.0

BURIED_IN_A_ROW = Gauge(
    "platform_worker_buried_in_a_row",
    "Messages of a partition that were buried with none in between that could be processed; 0: the last one could.",
    ["topic", "partition"],
    registry=REGISTRY,
)
STOPPED = Gauge(
    "platform_worker_stopped",
    "1: the group stands still until `manage.py resume`, since too many messages in a row were buried.",
    registry=REGISTRY,
)


class Stopped(RuntimeError):
    """The group stands still, as another of its processes has found."""


class Gate:
    """What a batch passes before it is handled: the group must not stand still."""

    def __init__(self, group: str) -> None:
        self._group = group
        self._looked_at = monotonic()

    def pass_through(self) -> None:
        """Raises Stopped, at the latest some seconds after the group was stopped."""
        close_old_connections()
        if monotonic() - self._looked_at > REMEMBERED_SECONDS:
            self._looked_at = monotonic()
            if is_stopped(self._group):
                raise Stopped(f"the group {self._group} stands still until `manage.py resume {self._group}`")


class StreakLog:
    """Writes the long streaks of a group down for the API, and takes back those that are over."""

    def __init__(self, group: str) -> None:
        self._group = group
        self._recorded: set[Partition] = set()
        self._looked_at = float("-inf")

    def record(self, streaks: Mapping[Partition, Streak], good: set[Partition]) -> None:
        """streaks: the present ones. good: partitions whose last message could be processed."""
        for where, streak in streaks.items():
            BURIED_IN_A_ROW.labels(*where).set(streak.count)
            if streak.count >= WORTH_RECORDING:
                self._write(where, streak)
        for where in good:
            BURIED_IN_A_ROW.labels(*where).set(0)
        for topic, number in good & self._known():
            BurialStreak.objects.filter(group=self._group, topic=topic, partition=number).delete()
            self._recorded.discard((topic, number))

    def _known(self) -> set[Partition]:
        # Another process of the group may have had the partition before.
        if monotonic() - self._looked_at > REMEMBERED_SECONDS:
            rows = BurialStreak.objects.filter(group=self._group).values_list("topic", "partition")
            self._recorded, self._looked_at = set(rows), monotonic()
        return self._recorded

    def _write(self, where: Partition, streak: Streak) -> None:
        topic, number = where
        BurialStreak.objects.update_or_create(
            group=self._group,
            topic=topic,
            partition=number,
            defaults={"in_a_row": streak.count, "offset": streak.offset, "reason": streak.reason[:400]},
        )
        self._recorded.add(where)


def stop(*, group: str, error: TooManyInvalidMessages) -> StoppedGroup:
    """Let a group stand still, with all its processes, until somebody resumes it."""
    (topic, number), streak = error.where, error.streak
    log.error("the consumer group stands still until `manage.py resume`", group=group, reason=str(error))
    return StoppedGroup.objects.get_or_create(
        group=group,
        defaults={"topic": topic, "partition": number, "offset": streak.offset, "reason": streak.reason[:400]},
    )[0]


def is_stopped(group: str) -> bool:
    """Whether a group stands still; exports it, too."""
    stopped = StoppedGroup.objects.filter(group=group).exists()
    STOPPED.set(stopped)
    return stopped


def resume(*, group: str) -> bool:
    """Let a group go on after the records that stopped it; returns whether it stood still."""
    return bool(StoppedGroup.objects.filter(group=group).delete()[0])


def stopped_groups() -> QuerySet[StoppedGroup]:
    return StoppedGroup.objects.order_by("group")


def streaks_going_on() -> QuerySet[BurialStreak]:
    """The long streaks to which something was added lately, the longest first."""
    return BurialStreak.objects.filter(last_at__gt=timezone.now() - GOES_ON_WHILE).order_by("-in_a_row")
