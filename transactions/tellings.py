"""What a telling of an order means beside what is recorded of it. Pure.

The record is the row of the table: the first telling that entered by either door. Each later one repeats it,
brings a new status, or contradicts it. Sums do not ask the table: they count the first telling of an order on its
user's partition (streaming/consuming/deduplication.py). Where that was not the record, a correction says so.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from events import ChangedStatus, Correction, Status, Transaction, TransactionStatusChanged
from events.money import from_cents
from streaming.consuming.deduplication import repeats_within
from transactions.statuses import NEXT, may_be_later, may_become


@dataclass(frozen=True, slots=True)
class Place:
    """Where a telling stands on its user's partition, and when the broker received it."""

    offset: int
    at: datetime

    def is_dealt_with(self, last: "Place | None") -> bool:
        """Whether this was dealt with when `last` was. Both must say so: a topic made anew counts from 0 again."""
        return last is not None and self.offset <= last.offset and self.at <= last.at

    def repeats(self, last: "Place | None", window: int) -> bool:
        """Whether sums recognise this as counted before; last: where the last telling stands, as far as is known."""
        return last is not None and self.at >= last.at and repeats_within(window, last.offset, self.offset)


@dataclass(frozen=True, slots=True)
class Known:
    """What is recorded of an order."""

    user_id: int
    cents: int
    timestamp: datetime
    status: ChangedStatus
    entered_as: Status | None
    """None: recorded by a version of the platform that did not keep it"""
    last: Place | None
    """where its last telling on its own user's partition stands; None: there is none yet, or it was not kept"""


class Kind(StrEnum):
    REPETITION = "repetition"
    CHANGE = "change"
    CONTRADICTION = "contradiction"


@dataclass(frozen=True, slots=True)
class Meaning:
    kind: Kind
    why: str = ""
    """of a contradiction: what is recorded, and what this telling says instead"""


REPETITION, CHANGE = Meaning(Kind.REPETITION), Meaning(Kind.CHANGE)


def meaning_of(telling: Transaction, known: Known) -> Meaning:
    """What a telling says that the record does not, or the sentence that says how they contradict each other."""
    if differing := list(_differing(telling, known)):
        return Meaning(
            Kind.CONTRADICTION,
            f"order {telling.order_id} is recorded already with another {' and '.join(differing)}: "
            f"{_in_words(known.user_id, known.cents, known.timestamp)}, and this says "
            f"{_in_words(telling.user_id, telling.cents, telling.timestamp)}",
        )
    status = ChangedStatus(telling.status)
    if _was(status, known):
        return REPETITION
    if may_become(known.status, status):
        return CHANGE
    following = " or ".join(sorted(NEXT[known.status])) or "nothing"
    return Meaning(
        Kind.CONTRADICTION,
        f"order {telling.order_id} is recorded as {known.status}, and this says {status}: only {following} can follow",
    )


def agrees(telling: Transaction, known: Known) -> bool:
    """Whether a telling has the user, the amount and the time that are recorded."""
    return not any(_differing(telling, known))


def corrections(telling: Transaction, place: Place, known: Known, last: Place | None, window: int) -> list[Correction]:
    """The corrections that others need of a telling that is not the record itself, now that the record is known.

    last: where the order's last telling on the telling's own user's partition stands; None: there is none.
    """
    contradicts = meaning_of(telling, known).kind is Kind.CONTRADICTION
    if known.entered_as is None or place.repeats(last, window):
        return [Correction.REFUSED] if contradicts else []
    own = telling.user_id == known.user_id
    if last is None and own:
        # The record's own telling, from the API, is still on its way, or this is it.
        stands = agrees(telling, known) and telling.status == known.entered_as
        return [] if stands else [Correction.REVERSED, Correction.COUNTED]
    return [Correction.REVERSED]


def why_implausible(change: TransactionStatusChanged, known: Known | None) -> str | None:
    """Why a change of status cannot have come from the table; None: it can.

    The table changes before that is published, so its row has every status that was published, or a later one.
    """
    if known is None:
        return f"there is no order {change.order_id} whose status could change"
    if change.user_id != known.user_id:
        return f"order {change.order_id} is one of user {known.user_id}, not of user {change.user_id}"
    if change.cents != known.cents:
        return f"order {change.order_id} is over {from_cents(known.cents)}, not over {from_cents(change.cents)}"
    previous, status = ChangedStatus(change.previous), ChangedStatus(change.status)
    entered = ChangedStatus(known.entered_as or Status.PENDING)
    if may_become(previous, status) and may_be_later(entered, previous) and may_be_later(status, known.status):
        return None
    return f"order {change.order_id} is {known.status}, and did not go from {previous} to {status}"


def entry_of(order_id: str, known: Known) -> Transaction:
    """The telling with which an order entered the record; where its status then was not kept, the present one."""
    kept = known.entered_as or (Status.SUCCESS if known.status == ChangedStatus.REFUNDED else Status(known.status))
    return Transaction(order_id, known.user_id, float(from_cents(known.cents)), kept, known.timestamp)


def _was(status: ChangedStatus, known: Known) -> bool:
    """Whether the order has this status, or had it before the one that it has now."""
    entered = ChangedStatus(known.entered_as) if known.entered_as else status
    return may_be_later(entered, status) and may_be_later(status, known.status)


def _differing(telling: Transaction, known: Known) -> Iterator[str]:
    if telling.user_id != known.user_id:
        yield "user"
    if telling.cents != known.cents:
        yield "amount"
    if not _same_moment(telling.timestamp, known.timestamp):
        yield "time"


def _same_moment(stated: datetime, recorded: datetime) -> bool:
    """To the millisecond, which is all that the wire carries."""
    return abs(stated - recorded) < timedelta(milliseconds=1)


def _in_words(user_id: int, cents: int, timestamp: datetime) -> str:
    return f"{from_cents(cents)} of user {user_id} at {timestamp.isoformat(timespec='milliseconds')}"
