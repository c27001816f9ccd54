"""What can be said of a consumer group, and how bad each is. Pure."""

from enum import StrEnum


class Verdict(StrEnum):
    OK = "OK"
    WARN = "WARN"
    ERR = "ERR"
    UNKNOWN = "UNKNOWN"
    """nobody knows, which is not good"""


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
    HELD = "HELD"
    """all that it has not read stands behind an open transaction"""
    UNKNOWN = "UNKNOWN"
    """no broker says where the partition ends"""


class Reason(StrEnum):
    CAUGHT_UP = "CAUGHT_UP"
    MOVING = "MOVING"
    WATCHING = "WATCHING"
    WAITING = "WAITING"
    FALLING_BEHIND = "FALLING_BEHIND"
    STALLED = "STALLED"
    STOPPED = "STOPPED"
    REWOUND = "REWOUND"
    OPEN_TRANSACTION = "OPEN_TRANSACTION"
    UNKNOWN = "UNKNOWN"


VERDICTS = {
    Reason.CAUGHT_UP: Verdict.OK,
    Reason.MOVING: Verdict.OK,
    Reason.WATCHING: Verdict.OK,
    Reason.WAITING: Verdict.WARN,
    Reason.FALLING_BEHIND: Verdict.WARN,
    Reason.STALLED: Verdict.ERR,
    Reason.STOPPED: Verdict.ERR,
    Reason.REWOUND: Verdict.ERR,
    Reason.OPEN_TRANSACTION: Verdict.WARN,
    Reason.UNKNOWN: Verdict.UNKNOWN,
}
TROUBLES = {
    PartitionVerdict.REWIND: (Reason.REWOUND, "It went back in {}: see who reset its offsets, or why it lost them."),
    PartitionVerdict.STOP: (Reason.STOPPED, "{waiting} and nobody reads: start its worker."),
    PartitionVerdict.STALL: (Reason.STALLED, "It reads nothing in {}, though records wait: see its worker's log."),
    PartitionVerdict.UNKNOWN: (Reason.UNKNOWN, "Nothing is known of {}: no broker that has it answers."),
    PartitionVerdict.HELD: (
        Reason.OPEN_TRANSACTION,
        "{waiting} behind a transaction that some producer has held open in {} since {since}: end that "
        "producer, or wait until Kafka aborts it.",
    ),
    PartitionVerdict.WARN: (
        Reason.FALLING_BEHIND,
        "It reads {}, but more comes than it reads: {waiting}. Start more of its workers.",
    ),
}
"""The worst first."""


def waiting(records: int) -> str:
    return f"{records:,} record{' waits' if records == 1 else 's wait'}"
