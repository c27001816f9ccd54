"""What a consumer group's lag means: Burrow's rules over a window of samples. Pure.

Burrow reads when each offset was committed; we see who is in the group instead. So a group without members need not be
watched until its silence is long enough: that it has stopped is known at once.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

Partition = tuple[str, int]
NAMED = 3
"""So many partitions fit in a sentence."""
WINDOW = timedelta(seconds=30)
"""Long beside the longest batch, short beside an operator's patience."""


class Verdict(StrEnum):
    OK = "OK"
    WARN = "WARN"
    ERR = "ERR"


class PartitionVerdict(StrEnum):
    OK = "OK"
    WARN = "WARN"
    """its offset moves, but the lag rose through the whole window"""
    STALL = "STALL"
    """somebody has it and commits nothing while records wait"""
    STOP = "STOP"
    """nobody reads it while records wait"""
    REWIND = "REWIND"
    """its offset went back and has not caught up with itself"""


OK = PartitionVerdict.OK


class Reason(StrEnum):
    CAUGHT_UP = "CAUGHT_UP"
    MOVING = "MOVING"
    WATCHING = "WATCHING"
    WAITING = "WAITING"
    FALLING_BEHIND = "FALLING_BEHIND"
    STALLED = "STALLED"
    STOPPED = "STOPPED"
    REWOUND = "REWOUND"


VERDICTS = {
    Reason.CAUGHT_UP: Verdict.OK,
    Reason.MOVING: Verdict.OK,
    Reason.WATCHING: Verdict.OK,
    Reason.WAITING: Verdict.WARN,
    Reason.FALLING_BEHIND: Verdict.WARN,
    Reason.STALLED: Verdict.ERR,
    Reason.STOPPED: Verdict.ERR,
    Reason.REWOUND: Verdict.ERR,
}
TROUBLES = {
    PartitionVerdict.REWIND: (Reason.REWOUND, "It went back in {}: see who reset its offsets, or why it lost them."),
    PartitionVerdict.STOP: (Reason.STOPPED, "{lag:,} records wait and nobody reads them: start its worker."),
    PartitionVerdict.STALL: (Reason.STALLED, "It reads nothing in {}, though records wait: see its worker's log."),
    PartitionVerdict.WARN: (
        Reason.FALLING_BEHIND,
        "It reads {}, but more comes than it reads: {lag:,} records wait. Start more of its workers.",
    ),
}
"""The worst first."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where a group stands in one partition."""

    committed: int
    """the offset it reads next"""
    lag: int
    """how many records it has not read"""


@dataclass(frozen=True, slots=True)
class Sample:
    """Where a group stood at one moment."""

    at: datetime
    positions: Mapping[Partition, Position]

    @property
    def lag(self) -> int:
        return sum(position.lag for position in self.positions.values())


@dataclass(frozen=True, slots=True)
class Judgement:
    reason: Reason
    detail: str
    partitions: Mapping[Partition, PartitionVerdict] = field(default_factory=dict)
    trend: float | None = None
    """by how many records the lag grew each second of the window; None: it was not watched before"""
    seconds_to_clear: float | None = None
    """until nothing waits, if it goes on so; None: it does not shrink"""
    watched_seconds: float = 0.0
    """how much of the window has samples"""

    @property
    def verdict(self) -> Verdict:
        return VERDICTS[self.reason]


def judge(
    samples: Sequence[Sample],
    *,
    members: int,
    read: Collection[Partition] = (),
    on_demand: bool = False,
    window: timedelta = WINDOW,
) -> Judgement:
    """What to think of a group.

    samples: oldest first, the last one is now. read: the partitions that a member has been given. on_demand: people run
    it when they want to, so that nobody need be in it.
    """
    samples = _within(samples, window)
    now = samples[-1]
    partitions = {
        each: OK if members == 0 and on_demand else _judge_partition(each, samples, each in read, members, window)
        for each in now.positions
    }
    trend = _trend(samples)
    reason, detail = _reason(samples, partitions, members, on_demand)
    return Judgement(
        reason=reason,
        detail=detail,
        partitions=partitions,
        trend=trend,
        seconds_to_clear=0.0 if now.lag == 0 else round(now.lag / -trend, 1) if trend and trend < 0 else None,
        watched_seconds=round(_seconds(samples), 1),
    )


def _within(samples: Sequence[Sample], window: timedelta) -> Sequence[Sample]:
    """The samples of the window, and the last one before it."""
    start = samples[-1].at - window
    first = max((place for place, sample in enumerate(samples) if sample.at <= start), default=0)
    return samples[first:]


def _judge_partition(
    partition: Partition, samples: Sequence[Sample], is_read: bool, members: int, window: timedelta
) -> PartitionVerdict:
    samples = [sample for sample in samples if partition in sample.positions]
    history = [sample.positions[partition] for sample in samples]
    now = history[-1]
    if now.lag == 0:
        return OK
    if now.committed < max(position.committed for position in history):
        return PartitionVerdict.REWIND
    if members == 0:
        return PartitionVerdict.STOP
    if _seconds(samples) < window.total_seconds() or any(position.lag == 0 for position in history):
        return OK
    if all(position.committed == now.committed for position in history):
        # That nobody has it may last for the moments of a rebalance: with the members still there, it takes the window.
        return PartitionVerdict.STALL if is_read else PartitionVerdict.STOP
    return PartitionVerdict.WARN if _rises([position.lag for position in history]) else OK


def _rises(lags: Sequence[int]) -> bool:
    return len(lags) > 2 and lags[-1] > lags[0] and all(a <= b for a, b in pairwise(lags))


def _reason(
    samples: Sequence[Sample], partitions: Mapping[Partition, PartitionVerdict], members: int, on_demand: bool
) -> tuple[Reason, str]:
    lag = samples[-1].lag
    if lag == 0:
        return Reason.CAUGHT_UP, "It has read everything."
    if members == 0 and on_demand:
        return Reason.WAITING, f"{lag:,} records wait until somebody runs it."
    for verdict, (reason, sentence) in TROUBLES.items():
        if troubled := sorted(each for each, found in partitions.items() if found is verdict):
            return reason, sentence.format(_some(troubled), lag=lag)
    if _has_moved(samples):
        return Reason.MOVING, f"{lag:,} records wait and it is reading them."
    if any(sample.lag == 0 for sample in samples):
        return Reason.MOVING, f"{lag:,} records have just come."
    return Reason.WATCHING, f"{lag:,} records wait; it was not watched long enough to say more."


def _has_moved(samples: Sequence[Sample]) -> bool:
    now = samples[-1].positions
    return any(
        now[each].committed > position.committed
        for sample in samples
        for each, position in sample.positions.items()
        if each in now
    )


def _trend(samples: Sequence[Sample]) -> float | None:
    """Of the partitions that it had at both ends of the window."""
    before, now, seconds = samples[0].positions, samples[-1].positions, _seconds(samples)
    if not seconds:
        return None
    return round(sum(now[each].lag - before[each].lag for each in now.keys() & before.keys()) / seconds, 2)


def _seconds(samples: Sequence[Sample]) -> float:
    return (samples[-1].at - samples[0].at).total_seconds()


def _some(partitions: Sequence[Partition]) -> str:
    names = [f"{topic}[{number}]" for topic, number in partitions]
    return ", ".join(names) if len(names) <= NAMED else f"{', '.join(names[:NAMED])} and {len(names) - NAMED} more"
