"""Where each of many hashes stood last, looked up and added to for many at once. Pure."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

NOWHERE = -(2**62)
"""so far before every offset that nothing repeats it"""


class Stood(NamedTuple):
    """Hashes in ascending order, equal ones in the order of their offsets, and the offset of each."""

    hashes: Ints
    offsets: Ints

    def before(self, following: "Stood") -> "Stood":
        """These, and those that stood behind them."""
        return sorted_by_hash(*(np.concatenate(both) for both in zip(self, following, strict=True)))

    def since(self, offset: int) -> "Stood":
        """Those that stand there or behind it."""
        kept = self.offsets >= offset
        return self if kept.all() else Stood(self.hashes[kept], self.offsets[kept])


def order_of(hashes: Ints) -> Ints:
    """Places in the ascending order of hashes, equal ones in the order of their places."""
    order = np.argsort(hashes)
    in_order = hashes[order]
    # numpy's sort that keeps equal ones in order takes four times as long, and seldom are any equal.
    return np.argsort(hashes, kind="stable") if (in_order[1:] == in_order[:-1]).any() else order


def sorted_by_hash(hashes: Ints, offsets: Ints) -> Stood:
    """Of hashes in the order of their offsets; soonest of two ascending ones behind each other."""
    order = np.argsort(hashes, kind="stable")
    return Stood(hashes[order], offsets[order])


class LastOffsets:
    """Sorted stretches, each at least twice as large as the one that follows it, as LSM trees have them.

    What is added becomes a stretch that takes in those before it that are not. So few have to be searched, and all of
    them together hold at most twice as much as is to be remembered.
    """

    def __init__(self) -> None:
        self._stretches: list[Stood] = []

    def of(self, hashes: Ints) -> Ints:
        """Where each stood last, or NOWHERE. hashes: in ascending order, in which they are found soonest."""
        last = np.full(len(hashes), NOWHERE, np.int64)
        for stretch in self._stretches:
            # The last of equal ones. Whoever is below all gets the place of the greatest, which it does not equal.
            at = np.searchsorted(stretch.hashes, hashes, side="right") - 1
            found = np.flatnonzero(stretch.hashes[at] == hashes)
            last[found] = stretch.offsets[at[found]]
        return last

    def add(self, stood: Stood, since: int) -> None:
        """Remember what stood behind all that was added before; forget what stood before offset `since`."""
        while self._stretches and len(self._stretches[-1].hashes) < 2 * len(stood.hashes):
            stood = self._stretches.pop().since(since).before(stood)
        if len(stood.hashes):
            self._stretches.append(stood)
