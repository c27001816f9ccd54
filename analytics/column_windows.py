"""What orders in columns add up to: the same as windows.hourly_totals() of the same orders. Pure."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from analytics.windows import Sums, UserHour, figures_of
from events.time import in_millis
from events.transactions import Status
from streaming.columns import STATUSES, Ints, Orders

MILLIS_AN_HOUR = 3_600_000
SUCCESS, FAILED = STATUSES.index(Status.SUCCESS), STATUSES.index(Status.FAILED)
HOUR_BITS = 32
HOUR_ZERO = 1 << HOUR_BITS - 1


class Totals(NamedTuple):
    """What each user's hours come to, in the order of users and hours; the sums are those of windows.Sums."""

    user_id: Ints
    hour: Ints
    """since 1970"""
    sums: tuple[Ints, ...]
    """a column for each of them, in their order"""


def totals_of(orders: Orders) -> Totals:
    """What orders add to each user's hours; nothing is left out, since each counts."""
    cents, succeeded = orders.cents, orders.status == SUCCESS
    settled = np.where(succeeded & (cents >= 0), cents, 0)
    failed = np.where(orders.status == FAILED, np.abs(cents), 0)
    refunded = np.where(succeeded & (cents < 0), -cents, 0)
    return _grouped(
        _keys(orders.user_id, orders.millis // MILLIS_AN_HOUR), (cents, np.ones_like(cents), settled, failed, refunded)
    )


def and_others(totals: Totals, others: Mapping[UserHour, Sums]) -> Totals:
    """The totals with what other events add to users' hours."""
    if not others:
        return totals
    rows = ((user_id, in_millis(hour) // MILLIS_AN_HOUR, *figures_of(sums)) for (user_id, hour), sums in others.items())
    user_id, hour, *sums = np.array(list(rows), np.int64).T
    keys = np.concatenate([_keys(totals.user_id, totals.hour), _keys(user_id, hour)])
    return _grouped(keys, tuple(np.concatenate(both) for both in zip(totals.sums, sums, strict=True)))


def by_hour(totals: Totals) -> Totals:
    """What they come to in each hour, of all users; their user_id is 0."""
    return _grouped(_keys(np.zeros_like(totals.hour), totals.hour), totals.sums)


def _keys(user_id: Ints, hour: Ints) -> Ints:
    # A user_id has 31 bits, and an hour of any year that a moment may have, before or after 1970, fewer than 32.
    return user_id << HOUR_BITS | hour + HOUR_ZERO


def _grouped(keys: Ints, sums: tuple[Ints, ...]) -> Totals:
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    first = np.flatnonzero(np.diff(keys, prepend=-1))
    # reduceat() takes no column without anything in it.
    added = (np.add.reduceat(column[order], first) if len(first) else column for column in sums)
    return Totals(keys[first] >> HOUR_BITS, (keys[first] & (1 << HOUR_BITS) - 1) - HOUR_ZERO, tuple(added))
