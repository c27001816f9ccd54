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
