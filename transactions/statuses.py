"""Which status may follow which. Pure."""

from events import ChangedStatus as Status

NEXT: dict[Status, frozenset[Status]] = {
    Status.PENDING: frozenset({Status.SUCCESS, Status.FAILED}),
    Status.SUCCESS: frozenset({Status.REFUNDED}),
    Status.FAILED: frozenset(),
    Status.REFUNDED: frozenset(),
}


def may_become(status: Status, wanted: Status) -> bool:
    return wanted in NEXT[status]


def may_be_later(status: Status, later: Status) -> bool:
    """Whether what once had a status may have the other one now, after any number of changes or none."""
    return later == status or any(may_be_later(following, later) for following in NEXT[status])
