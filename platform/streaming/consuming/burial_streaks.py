"""How many messages in a row were buried on each partition. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from streaming.message_fields import partition
from streaming.messages import Progress
from streaming.partitioner import Partition
from streaming.records import Batch


@dataclass(frozen=True, slots=True)
class Streak:
    """Messages of one partition that were buried with none in between that could be processed."""

    count: int
    offset: int
    """of the last one"""
    reason: str
    """of the last one"""


class TooManyInvalidMessages(RuntimeError):
    """So many messages in a row were buried that something else must be wrong; says where, and the last reason."""

    def __init__(self, limit: int, where: Partition, streak: Streak) -> None:
        topic, number = where
        super().__init__(
            f"more than {limit} messages in a row were buried (MAX_BURIED_IN_A_ROW), the last one at offset "
            f"{streak.offset} of {topic}[{number}]: {streak.reason}. Mend what writes or what reads them, then "
            "`manage.py resume`; `manage.py redrive` sends through again what was buried."
        )
        self.where = where
        self.streak = streak


class Streaks:
    """Follows what a worker buries; a partition with nothing buried last has no streak."""

    def __init__(self) -> None:
        self._current: dict[Partition, Streak] = {}

    @property
    def current(self) -> Mapping[Partition, Streak]:
        return self._current

    def stop_beyond(self, limit: int) -> None:
        """Raise TooManyInvalidMessages if a streak is longer than the limit; 0: none is too long."""
        for where, streak in self._current.items():
            if 0 < limit < streak.count:
                raise TooManyInvalidMessages(limit, where, streak)

    def note(self, progress: Progress) -> None:
        """Take in a batch that has been dealt with."""
        bad = {(*partition(each.message), int(each.message.offset() or 0)): each.reason for each in progress.buried}
        good = _last_good(progress.batch, bad.keys())
        for where in good:
            self._current.pop(where, None)
        for (topic, number, offset), reason in sorted(bad.items(), key=lambda item: item[0]):
            if offset > good.get((topic, number), -1):
                before = self._current.get((topic, number))
                self._current[topic, number] = Streak(before.count + 1 if before else 1, offset, reason)


def _last_good(batch: Batch[Any], bad: Collection[tuple[str, int, int]]) -> dict[Partition, int]:
    """For each partition, the offset of the last record that was not bad."""
    if not bad:
        return {where: end - 1 for where, end in batch.next_offsets.items()}
    good: dict[Partition, int] = {}
    for record in batch.row_by_row().records:
        where = (record.topic, record.partition)
        if (*where, record.offset) not in bad:
            good[where] = max(record.offset, good.get(where, -1))
    return good
