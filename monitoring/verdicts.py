"""What a consumer group's lag means: Burrow's rules over a window of samples. Pure.

Burrow reads when each offset was committed; we see who is in the group instead. So a group without members need not be
watched until its silence is long enough: that it has stopped is known at once.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from monitoring.reasons import TROUBLES, VERDICTS, PartitionVerdict, Reason, Verdict, waiting
from streaming.partitioner import Partition

NAMED = 3
"""So many partitions fit in a sentence."""
WINDOW = timedelta(seconds=30)
"""Long beside the longest batch, short beside an operator's patience."""
PASSING = timedelta(seconds=10)
"""Transactions of producers last less: who looks in the midst of one sees no trouble."""


OK = PartitionVerdict.OK


@dataclass(frozen=True, slots=True)
class Position:
    """Where a group stands in one partition."""

    committed: int
    """the offset it reads next"""
    lag: int
    """how many records it has not read"""
    held: int = 0
    """how many of them stand behind an open transaction, so that nobody is given them yet"""


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
    is_passing: bool = False
    """whether it is of no concern yet"""

    @property
    def verdict(self) -> Verdict:
        return Verdict.OK if self.is_passing else VERDICTS[self.reason]


@dataclass(frozen=True, slots=True)
class Hearing:
    """What the brokers answered of the partitions, and of the group, at the last sample."""

    is_heard: bool = True
    """whether the broker that coordinates the group answered"""
    silent: Collection[Partition] = ()
    """the partitions of which no broker gave the end"""
    open_since: Mapping[Partition, datetime] = field(default_factory=dict)
    """when the transactions began that are open"""


HEARD = Hearing()


def judge(
    samples: Sequence[Sample],
    *,
    members: int,
    read: Collection[Partition] = (),
    on_demand: bool = False,
    hearing: Hearing = HEARD,
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
    } | dict.fromkeys(now.positions.keys() & set(hearing.silent), PartitionVerdict.UNKNOWN)
    trend = _trend(samples)
    reason, detail = _reason(samples, partitions, members, on_demand, hearing)
    return Judgement(
        reason=reason,
        detail=detail,
        partitions=partitions,
        trend=trend,
        seconds_to_clear=0.0 if now.lag == 0 else round(now.lag / -trend, 1) if trend and trend < 0 else None,
        watched_seconds=round(_seconds(samples), 1),
        is_passing=reason is Reason.OPEN_TRANSACTION and now.at - _open_since(partitions, hearing, now.at) < PASSING,
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
    return PartitionVerdict.HELD if now.held >= now.lag else _judge_reading(samples, history, is_read, window)


def _judge_reading(
    samples: Sequence[Sample], history: Sequence[Position], is_read: bool, window: timedelta
) -> PartitionVerdict:
    """Of a partition in which somebody could read."""
    now = history[-1]
    if _seconds(samples) < window.total_seconds() or any(position.lag == 0 for position in history):
        return OK
    if all(position.committed == now.committed for position in history):
        # That nobody has it may last for the moments of a rebalance: with the members still there, it takes the window.
        return PartitionVerdict.STALL if is_read else PartitionVerdict.STOP
    return PartitionVerdict.WARN if _rises([position.lag - position.held for position in history]) else OK


def _rises(lags: Sequence[int]) -> bool:
    return len(lags) > 2 and lags[-1] > lags[0] and all(a <= b for a, b in pairwise(lags))


def _reason(
    samples: Sequence[Sample],
    partitions: Mapping[Partition, PartitionVerdict],
    members: int,
    on_demand: bool,
    hearing: Hearing,
) -> tuple[Reason, str]:
    if unknown := _unknown(samples[-1], members, hearing):
        return Reason.UNKNOWN, unknown
    if trouble := _trouble(samples[-1], partitions, hearing):
        return trouble
    if samples[-1].lag and members == 0 and on_demand:
        return Reason.WAITING, f"{waiting(samples[-1].lag)} until somebody runs it."
    return _progress(samples)


def _progress(samples: Sequence[Sample]) -> tuple[Reason, str]:
    """Of a group in which nothing is wrong."""
    lag = samples[-1].lag
    if lag == 0:
        return Reason.CAUGHT_UP, "It has read everything."
    if _has_moved(samples):
        return Reason.MOVING, f"{waiting(lag)}, and it is reading on."
    if any(sample.lag == 0 for sample in samples):
        return Reason.MOVING, f"{waiting(lag)}, and {'has' if lag == 1 else 'have'} just come."
    return Reason.WATCHING, f"{waiting(lag)}; it was not watched long enough to say more."


def _trouble(
    now: Sample, partitions: Mapping[Partition, PartitionVerdict], hearing: Hearing
) -> tuple[Reason, str] | None:
    """The worst of the partitions' verdicts; None: all are well."""
    since = _clock(_open_since(partitions, hearing, now.at), now.at)
    for verdict, (reason, sentence) in TROUBLES.items():
        if troubled := sorted(each for each, found in partitions.items() if found is verdict):
            return reason, sentence.format(_some(troubled), waiting=waiting(now.lag), since=since)
    return None


def _unknown(now: Sample, members: int, hearing: Hearing) -> str:
    """Why nothing can be said of the group; empty: something can."""
    if not hearing.is_heard:
        return "Nothing is known of it: the broker that would tell does not answer."
    if now.positions:
        return ""
    who = "its members have been given none" if members else "nobody is in it"
    return f"Nothing is known of it: it has committed nothing in any topic that there is, and {who}."


def _open_since(partitions: Mapping[Partition, PartitionVerdict], hearing: Hearing, now: datetime) -> datetime:
    """When the oldest transaction began behind which the group waits."""
    waiting = [each for each, found in partitions.items() if found is PartitionVerdict.HELD]
    return min((hearing.open_since[each] for each in waiting if each in hearing.open_since), default=now)


def _clock(moment: datetime, now: datetime) -> str:
    return f"{moment:%H:%M:%S} UTC" if moment.date() == now.date() else f"{moment:%d %b %Y, %H:%M:%S} UTC"


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
