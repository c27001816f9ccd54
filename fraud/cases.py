"""How the investigation of an alert may move on. Pure."""

from dataclasses import dataclass

from events import AlertStatus as Status

NEXT: dict[Status, frozenset[Status]] = {
    Status.OPEN: frozenset({Status.INVESTIGATING, Status.CONFIRMED, Status.DISMISSED}),
    Status.INVESTIGATING: frozenset({Status.CONFIRMED, Status.DISMISSED}),
    Status.CONFIRMED: frozenset({Status.INVESTIGATING}),
    Status.DISMISSED: frozenset({Status.INVESTIGATING}),
}
CLOSED = frozenset({Status.CONFIRMED, Status.DISMISSED})


@dataclass(frozen=True)
class Case:
    """How far an investigation is, and the investigator (a username) who has it."""

    status: Status
    holder: str | None


def next_holder(now: Case, wanted: Status | None, by: str) -> str | None:
    """Who has the alert after a change that names nobody: who moves it, if nobody had it or it was closed."""
    moves = wanted not in (None, now.status)
    return by if moves and (now.holder is None or now.status in CLOSED) else now.holder


def why_not(now: Case, wanted: Status | None, holder: str | None, *, by: str, note: str) -> str | None:
    """The sentence that refuses a change, or None where it may happen.

    wanted: the status asked for, None to leave it. holder: who has the alert afterwards. An alert has one holder:
    nobody else moves it without taking it over, and nobody takes it over without a note. Anyone may add a note.
    """
    return (
        _not_from_here(now.status, wanted or now.status)
        or _not_without_a_note(now.status, wanted or now.status, note)
        or _not_from_another(now, wanted, holder, by, note)
    )


def _not_from_here(status: Status, wanted: Status) -> str | None:
    if wanted == status or wanted in NEXT[status]:
        return None
    return f"{status} cannot become {wanted}, only {' or '.join(sorted(NEXT[status]))}."


def _not_without_a_note(status: Status, wanted: Status, note: str) -> str | None:
    if note or wanted == status or not {status, wanted} & CLOSED:
        return None
    return f"Say in a note why this alert goes from {status} to {wanted}."


def _not_from_another(now: Case, wanted: Status | None, holder: str | None, by: str, note: str) -> str | None:
    if now.holder in (None, by):
        return None
    if holder != now.holder and not note:
        return f"{now.holder} has this alert: to take it over, say why in a note."
    if holder == now.holder and wanted:
        return f"{now.holder} has this alert: take it over, with a note that says why, to change its status."
    return None
