"""Forgetting a person: what identifies one is erased, what was ordered and paid stays under a number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.admin.models import DELETION, LogEntry
from django.contrib.auth.models import User
from django.db.models import QuerySet

import api.personal
import fraud.personal
import notifications.personal
import transactions.personal
from accounts import person as accounts
from accounts.person import Person
from database.erasing import Erasure

MARK = "Forgotten"
"""what the admin's log says first of whoever was forgotten"""
LOOKS = 2
"""A worker that was at work when the account was closed may write once more to an address that it had read before."""

Counts = Mapping[str, int]
"""How many rows there are, by what they are."""


class NotForgettable(ValueError):
    """Says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """That a person was forgotten before."""

    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Outcome:
    erased: Counts
    left: Counts


def person(user_id: int) -> Person:
    """Whoever the shop knows by this number; raises NotForgettable of staff."""
    found = accounts.person(user_id)
    if found.account and found.is_staff:
        raise NotForgettable(
            f"The account {found.account.username} of user {user_id} is one of staff, too, whose name says who decided "
            "what: take its roles and its rights away first, then forget the customer."
        )
    return found


def erasures(whose: Person) -> list[Erasure]:
    """All that identifies a person beside the account, in the order in which it can be found and erased."""
    return [
        *accounts.erasures(whose),
        *notifications.personal.erasures(whose),
        *transactions.personal.erasures(whose.user_id),
        *fraud.personal.erasures(whose.user_id),
        *api.personal.erasures(whose.user_id),
    ]


def counts(planned: Sequence[Erasure]) -> Counts:
    return {each.what: each.count() for each in planned}


def forget(whose: Person, planned: Sequence[Erasure], *, by: User) -> Outcome:
    """Erase what was planned, then the account itself, by which it was found; leaves a line in the admin's log.

    Broken off anywhere, it can be done again: until all else is gone, the account leads to what is left.
    """
    if whose.account:
        accounts.close(whose.account)
    erased = dict.fromkeys((each.what for each in planned), 0)
    for _ in range(LOOKS):
        for each in planned:
            erased[each.what] += each.erase()
    if whose.account:
        accounts.forget(whose.account)
    if whose.account or any(erased.values()) or forgotten(whose.user_id) is None:
        _note(whose.user_id, erased, by)
    return Outcome(erased, {what: number for what, number in counts(planned).items() if number})


def forgotten(user_id: int) -> Forgotten | None:
    """When a user was forgotten last, and by whom; None: never."""
    line = _lines(user_id).select_related("user").order_by("-pk").first()
    return Forgotten(line.action_time, line.user.get_username()) if line else None


def _lines(user_id: int) -> QuerySet[LogEntry]:
    return LogEntry.objects.filter(
        content_type=None, object_id=str(user_id), action_flag=DELETION, change_message__startswith=MARK
    )


def _note(user_id: int, erased: Counts, by: User) -> LogEntry:
    """Who did it, when, and how much that was: nothing of the person but the shop's number."""
    done = ", ".join(f"{number} {what}" for what, number in erased.items() if number)
    return LogEntry.objects.create(
        user=by, object_id=str(user_id), object_repr=f"user {user_id}", action_flag=DELETION,
        change_message=f"{MARK}: {done or 'there was nothing to erase'}.",
    )  # fmt: skip
