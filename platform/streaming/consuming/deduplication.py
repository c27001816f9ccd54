"""Recognising an event that was sent twice, by remembering the last ones of each partition. Pure."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from streaming.partitioner import Partition
from streaming.records import Batch, Record

ReadBack = Callable[[Partition, int, int], Iterable[tuple[str, int]]]
"""(partition, begin, end) → identity and offset of each event from offset `begin` on and before `end`, in order."""


class Identified(Protocol):
    @property
    def identity(self) -> str: ...


EventT = TypeVar("EventT", bound=Identified)


@dataclass(slots=True)
class _Memory:
    reaches: int = 0
    offsets: OrderedDict[str, int] = field(default_factory=OrderedDict)
    """identity → where it stood last, oldest first"""

    def is_new(self, identity: str, offset: int, window: int) -> bool:
        last = self.offsets.pop(identity, None)
        self.offsets[identity] = offset
        while next(iter(self.offsets.values())) < offset - window:
            self.offsets.popitem(last=False)
        return not repeats_within(window, last, offset)


def repeats_within(window: int, last: int | None, offset: int) -> bool:
    """Whether what stands at an offset stood within so many offsets before it, too; last: where it stood last.

    This alone says what counts as a repetition, so that whoever knows where an event stood last, from whatever source,
    comes to the same verdict.
    """
    return last is not None and 0 <= offset - last <= window


class SeenEvents:
    """Remembers which events each partition held within the last `window` offsets.

    Nothing of it is saved: where the memory does not end just where the applied results end (after a start, a
    rebalance, a rollback), it is filled again from the log itself.
    """

    def __init__(self, window: int, read_back: ReadBack) -> None:
        self._window = window
        self._read_back = read_back
        self._memories: dict[Partition, _Memory] = {}

    def first_arrivals(self, batch: Batch[EventT], applied: Mapping[Partition, int]) -> Batch[EventT]:
        """The records whose event has not arrived before.

        applied: for each partition of the batch, the offset after the last record already dealt with.
        """
        for partition in batch.next_offsets:
            self._reach(partition, applied[partition])
        first = Batch([record for record in batch.records if self._is_new(record)])
        for partition, end in batch.next_offsets.items():
            self._memories[partition].reaches = end
        return first

    def _reach(self, partition: Partition, end: int) -> None:
        memory = self._memories.get(partition)
        if memory is None or memory.reaches != end:
            memory = self._memories[partition] = _Memory()
            for identity, offset in self._read_back(partition, max(0, end - self._window), end) if end else ():
                memory.is_new(identity, offset, self._window)

    def _is_new(self, record: Record[EventT]) -> bool:
        memory = self._memories[record.topic, record.partition]
        return memory.is_new(record.event.identity, record.offset, self._window)
