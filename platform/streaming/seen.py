"""Recognising an event that was sent twice, by remembering the last ones of each partition. Pure."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from streaming.worker import Batch, Record

Partition = tuple[str, int]
ReadBack = Callable[[Partition, int, int], Iterable[str]]
"""(partition, end, capacity) → identities of at least the last `capacity` events before offset `end`, oldest first."""


class Identified(Protocol):
    @property
    def identity(self) -> str: ...


Told = TypeVar("Told", bound=Identified)


@dataclass(slots=True)
class _Memory:
    reaches: int = 0
    identities: OrderedDict[str, None] = field(default_factory=OrderedDict)

    def is_new(self, identity: str, capacity: int) -> bool:
        new = identity not in self.identities
        self.identities[identity] = None
        self.identities.move_to_end(identity)
        if len(self.identities) > capacity:
            self.identities.popitem(last=False)
        return new


class SeenEvents:
    """Remembers the identities of the last `capacity` events of each partition.

    Nothing of it is saved: where the memory does not end just where the applied results end (after a start, a
    rebalance, a rollback), it is filled again from the log itself.
    """

    def __init__(self, capacity: int, read_back: ReadBack) -> None:
        self._capacity = capacity
        self._read_back = read_back
        self._memories: dict[Partition, _Memory] = {}

    def first_arrivals(self, batch: Batch[Told], applied: Mapping[Partition, int]) -> Batch[Told]:
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
            for identity in self._read_back(partition, end, self._capacity) if end else ():
                memory.is_new(identity, self._capacity)

    def _is_new(self, record: Record[Told]) -> bool:
        return self._memories[record.topic, record.partition].is_new(record.event.identity, self._capacity)
