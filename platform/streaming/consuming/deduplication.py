"""Recognising an event that was sent twice, by remembering the last ones of each partition. Pure."""

from array import array
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from streaming.consuming.remembered import Chunk, appended, in_chunks, paired, reaching, short_hash, short_hashes
from streaming.partitioner import Partition
from streaming.records import Batch

ReadBack = Callable[[Partition, int, int], Iterable[tuple[str, int]]]
"""(partition, begin, end) → identity and offset of each event from offset `begin` on and before `end`, in order."""


class Identified(Protocol):
    @property
    def identity(self) -> str: ...


EventT = TypeVar("EventT", bound=Identified)
Arrivals = NDArray[np.int64]
"""a row each, in the order of offsets: offset, hash of the identity, and which of a batch it is"""


@dataclass(frozen=True, slots=True)
class Changes:
    """What a saved memory of a partition has to be changed by to be as this one."""

    gone: Collection[int]
    """where the chunks begin that are to go, before the new ones come"""
    new: Collection[Chunk]


class SavedMemory(Protocol):
    """Where memories stand between two processes."""

    def load(self, partition: Partition, end: int) -> Sequence[Chunk]:
        """All that is saved of a partition whose applied results reach to `end`, in order."""

    def save(self, changes: Mapping[Partition, Changes]) -> None: ...


class NotSaved:
    """For a memory that is read back from the log each time."""

    def load(self, partition: Partition, end: int) -> Sequence[Chunk]:
        return ()

    def save(self, changes: Mapping[Partition, Changes]) -> None: ...


@dataclass(slots=True)
class _Memory:
    reaches: int
    chunks: list[Chunk]
    saved: dict[int, Chunk]
    """begin → chunk, as saved"""
    offsets: dict[int, int] = field(default_factory=dict)
    """hash of an identity → where it stood last"""
    pairs: "array[int]" = field(default_factory=lambda: array("q"))
    """offset and hash of what came since the last chunk"""

    def __post_init__(self) -> None:
        for chunk in self.chunks:
            self.offsets.update(chunk.placed())

    def repeated(self, arrivals: Arrivals, window: int) -> list[int]:
        """The places of those that came before, within so many offsets; all are remembered from now on."""
        offsets, hashes, places = (column.tolist() for column in arrivals.T)
        self.pairs.frombytes(arrivals[:, :2].tobytes())
        distinct = set(hashes)
        if len(distinct) == len(hashes) and self.offsets.keys().isdisjoint(distinct):
            # So it is nearly always, and without a look at each it takes a third of the time.
            self.offsets.update(zip(hashes, offsets, strict=True))
            return []
        return list(self._repeated_one_by_one(zip(offsets, hashes, places, strict=True), window))

    def _repeated_one_by_one(self, arrivals: Iterable[tuple[int, int, int]], window: int) -> Iterator[int]:
        for offset, hashed, place in arrivals:
            if repeats_within(window, self.offsets.get(hashed), offset):
                yield place
            self.offsets[hashed] = offset

    def reach(self, end: int, window: int) -> None:
        """What came ends there; forget what is too old for any event from there on."""
        for chunk in in_chunks(self.reaches, end, self.pairs):
            self.chunks = appended(self.chunks, chunk)
        self.reaches, self.pairs = end, array("q")
        while self.chunks and self.chunks[0].end <= end - window:
            self._forget(self.chunks.pop(0))

    def _forget(self, chunk: Chunk) -> None:
        for hashed, offset in chunk.placed():
            if self.offsets.get(hashed) == offset:
                del self.offsets[hashed]

    def changes(self) -> Changes:
        """What is to be saved since this was asked last."""
        now = {chunk.begin: chunk for chunk in self.chunks}
        gone = [begin for begin, chunk in self.saved.items() if now.get(begin) is not chunk]
        new = [chunk for begin, chunk in now.items() if self.saved.get(begin) is not chunk]
        self.saved = now
        return Changes(gone, new)


def repeats_within(window: int, last: int | None, offset: int) -> bool:
    """Whether what stands at an offset stood within so many offsets before it, too; last: where it stood last.

    This alone says what counts as a repetition, so that whoever knows where an event stood last, from whatever source,
    comes to the same verdict.
    """
    return last is not None and 0 <= offset - last <= window


class SeenEvents:
    """Remembers which events each partition held within the last `window` offsets.

    Where the memory does not end just where the applied results end (after a start, a rebalance, a rollback), it is
    loaded as it was saved with those results; only what was never saved is read back from the log.
    """

    def __init__(self, window: int, read_back: ReadBack, saved: SavedMemory | None = None) -> None:
        self._window = window
        self._read_back = read_back
        self._saved = saved or NotSaved()
        self._memories: dict[Partition, _Memory] = {}

    def first_arrivals(self, batch: Batch[EventT], applied: Mapping[Partition, int]) -> Batch[EventT]:
        """The records whose event has not arrived before.

        applied: for each partition of the batch, the offset after the last record already dealt with.
        """
        for partition in batch.next_offsets:
            self._reach(partition, applied[partition])
        repeated = [
            place
            for partition, arrivals in _arrivals(batch).items()
            for place in self._memories[partition].repeated(arrivals, self._window)
        ]
        for partition, end in batch.next_offsets.items():
            self._memories[partition].reach(end, self._window)
        return batch.without(repeated) if repeated else batch

    def save(self, partitions: Iterable[Partition]) -> None:
        """Save what came to these partitions; to be called in the database transaction that saves the results."""
        self._saved.save({partition: self._memories[partition].changes() for partition in partitions})

    def _reach(self, partition: Partition, end: int) -> None:
        memory = self._memories.get(partition)
        if memory is None or memory.reaches != end:
            self._memories[partition] = self._recalled(partition, end)

    def _recalled(self, partition: Partition, end: int) -> _Memory:
        saved = list(self._saved.load(partition, end))
        chunks = reaching(end, saved)
        begin, known_from = max(0, end - self._window), chunks[0].begin if chunks else end
        if begin < known_from:
            events = paired(self._read_back(partition, begin, known_from))
            chunks = [*in_chunks(begin, known_from, events), *chunks]
        return _Memory(end, chunks, {chunk.begin: chunk for chunk in saved})


def _arrivals(batch: Batch[EventT]) -> dict[Partition, Arrivals]:
    """What came to each partition. Places count the records, and the orders behind them."""
    rows: dict[Partition, list[tuple[int, int, int]]] = defaultdict(list)
    for place, record in enumerate(batch.records):
        rows[record.topic, record.partition].append((record.offset, short_hash(record.event.identity), place))
    arrivals = {where: np.array(some, np.int64) for where, some in rows.items()}
    if (orders := batch.orders) is None:
        return arrivals
    hashes = np.array(short_hashes(orders.identities()), np.int64)
    columns = np.stack([orders.offset, hashes, np.arange(len(orders)) + len(batch.records)], axis=1)
    for where, places in orders.by_partition():
        both = np.concatenate([arrivals[where], columns[places]]) if where in arrivals else columns[places]
        arrivals[where] = both[np.argsort(both[:, 0], kind="stable")]
    return arrivals
