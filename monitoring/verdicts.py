"""What a consumer group's lag means. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

Partition = tuple[str, int]
NAMED = 3
"""So many partitions fit in a sentence."""


class Verdict(StrEnum):
    OK = "OK"
    WARN = "WARN"
    ERR = "ERR"


class Reason(StrEnum):
    CAUGHT_UP = "CAUGHT_UP"
    MOVING = "MOVING"
    WAITING = "WAITING"
    STALLED = "STALLED"
    STOPPED = "STOPPED"


VERDICTS = {
    Reason.CAUGHT_UP: Verdict.OK,
    Reason.MOVING: Verdict.OK,
    Reason.WAITING: Verdict.WARN,
    Reason.STALLED: Verdict.ERR,
    Reason.STOPPED: Verdict.ERR,
}


@dataclass(frozen=True, slots=True)
class Position:
    """Where a group stands in one partition."""

    committed: int
    """the offset it reads next"""
    lag: int
    """how many records it has not read"""


@dataclass(frozen=True, slots=True)
class Judgement:
    reason: Reason
    detail: str

    @property
    def verdict(self) -> Verdict:
        return VERDICTS[self.reason]


def judge(
    now: Mapping[Partition, Position],
    before: Mapping[Partition, Position],
    *,
    members: int,
    on_demand: bool = False,
) -> Judgement:
    """What to think of a group.

    before: an earlier sample, empty if there is none. on_demand: people run it when they want to, so that nobody need
    be in it.
    """
    lag = sum(position.lag for position in now.values())
    if lag == 0:
        return Judgement(Reason.CAUGHT_UP, "It has read everything.")
    if members == 0 and on_demand:
        return Judgement(Reason.WAITING, f"{lag:,} records wait until somebody runs it.")
    if members == 0:
        return Judgement(Reason.STOPPED, f"{lag:,} records wait and nobody reads them: start its worker.")
    if stalled := sorted(partition for partition in now if _stands_still(now[partition], before.get(partition))):
        return Judgement(
            Reason.STALLED, f"It reads nothing in {_some(stalled)}, though records wait: see its worker's log."
        )
    return Judgement(Reason.MOVING, f"{lag:,} records wait and it is reading them.")


def _some(partitions: Sequence[Partition]) -> str:
    names = [f"{topic}[{number}]" for topic, number in partitions]
    return ", ".join(names) if len(names) <= NAMED else f"{', '.join(names[:NAMED])} and {len(names) - NAMED} more"


def _stands_still(now: Position, before: Position | None) -> bool:
    """Whether records that waited before still do; those that came since then prove nothing."""
    return before is not None and now.lag > 0 and before.lag > 0 and now.committed == before.committed
