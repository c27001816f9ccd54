"""What orders in columns add up to: the same as windows.hourly_totals() of the same orders. Pure."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from analytics.windows import Sums, UserHour, figures_of, in_hours
from events.plausibility import MAX_USER_ID
from events.transactions import Status
from streaming.columns import STATUSES, USER_ID_BITS, Ints, Orders

MILLIS_AN_HOUR = 3_600_000
SUCCESS, FAILED = STATUSES.index(Status.SUCCESS), STATUSES.index(Status.FAILED)
HOUR_ZERO = 1 << 30
"""added to hours, so that those before 1970 are none below 0"""


class Totals(NamedTuple):
    """What each user's hours come to, in the order of hours and users; the sums are those of windows.Sums."""

    hour: Ints
    """since 1970"""
    user_id: Ints
    sums: tuple[Ints, ...]
    """a column for each of them, in their order"""

    def by_user_hour(self) -> Ints:
        """A row for each: hour, user and sums."""
        return np.stack([self.hour, self.user_id, *self.sums], axis=1)

    def by_hour(self) -> Ints:
        """A row for each: hour and sums."""
        return np.stack([self.hour, *self.sums], axis=1)


def totals_of(orders: Orders) -> Totals:
    """What orders add to each user's hours; nothing is left out, since each counts."""
    cents, succeeded = orders.cents, orders.status == SUCCESS
    settled = np.where(succeeded & (cents >= 0), cents, 0)
    failed = np.where(orders.status == FAILED, np.abs(cents), 0)
    refunded = np.where(succeeded & (cents < 0), -cents, 0)
    return _grouped(
        _keys(orders.millis // MILLIS_AN_HOUR, orders.user_id), (cents, np.ones_like(cents), settled, failed, refunded)
    )


def and_others(totals: Totals, others: Mapping[UserHour, Sums]) -> Totals:
    """The totals with what other events add to users' hours."""
    if not others:
        return totals
    rows = ((in_hours(hour), user_id, *figures_of(sums)) for (user_id, hour), sums in others.items())
    hour, user_id, *sums = np.array(list(rows), np.int64).T
    keys = np.concatenate([_keys(totals.hour, totals.user_id), _keys(hour, user_id)])
    return _grouped(keys, tuple(np.concatenate(both) for both in zip(totals.sums, sums, strict=True)))


def by_hour(totals: Totals) -> Totals:
    """What they come to in each hour, of all users; their user_id is 0."""
    return _grouped(_keys(totals.hour, np.zeros_like(totals.user_id)), totals.sums)


def _keys(hour: Ints, user_id: Ints) -> Ints:
    # With an hour of any year that a moment may have, before or after 1970, these are fewer than 63 bits.
    return hour + HOUR_ZERO << USER_ID_BITS | user_id


def _grouped(keys: Ints, sums: tuple[Ints, ...]) -> Totals:
    # Which of equal keys comes first makes no sum another.
    order = np.argsort(keys)
    keys = keys[order]
    first = np.flatnonzero(np.diff(keys, prepend=-1))
    # reduceat() takes no column without anything in it.
    added = (np.add.reduceat(column[order], first) if len(first) else column for column in sums)
    return Totals((keys[first] >> USER_ID_BITS) - HOUR_ZERO, keys[first] & MAX_USER_ID, tuple(added))
