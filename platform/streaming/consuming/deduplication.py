"""Recognising an event that was sent twice, by remembering the last ones of each partition. Pure."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from secrets import token_bytes
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from streaming.consuming.identity_hashes import IdentityHashes
from streaming.consuming.last_offsets import LastOffsets, Stood, order_of, sorted_by_hash
from streaming.consuming.remembered import NO_PAIRS, Chunk, Pairs, appended, in_chunks, paired, reaching
from streaming.partitioner import Partition
from streaming.records import Batch, Record

if TYPE_CHECKING:
    from streaming.columns import Orders

ReadBack = Callable[[Partition, int, int], Iterable[tuple[str, int]]]
"""(partition, begin, end) → identity and offset of each event from offset `begin` on and before `end`, in order."""


class Identified(Protocol):
    @property
    def identity(self) -> str: ...


EventT = TypeVar("EventT", bound=Identified)
READ_BACK_AT_ONCE = 10_000


class Arrivals(NamedTuple):
    """What came to a partition, in the order of offsets."""

    offsets: NDArray[np.int64]
    hashes: NDArray[np.int64]
    """of identities"""
    places: NDArray[np.int64]
    """which of a batch each is"""
    by_hash: NDArray[np.int64]
    """the order in which hashes ascend, equal ones in the order of their offsets"""


@dataclass(frozen=True, slots=True)
class Changes:
    """What a saved memory of a partition has to be changed by to be as this one."""

    gone: Collection[int]
    """where the chunks begin that are to go, before the new ones come"""
    new: Collection[Chunk]


class SavedMemory(Protocol):
    """Where memories stand between two processes."""

    hashes: IdentityHashes
    """by which they know events"""

    def load(self, partition: Partition, end: int) -> Sequence[Chunk]:
        """All that is saved of a partition whose applied results reach to `end`, in order."""

    def save(self, changes: Mapping[Partition, Changes]) -> None: ...


class NotSaved:
    """For a memory that is read back from the log each time."""

    def __init__(self) -> None:
        self.hashes = IdentityHashes(token_bytes())

    def load(self, partition: Partition, end: int) -> Sequence[Chunk]:
        return ()

    def save(self, changes: Mapping[Partition, Changes]) -> None: ...


@dataclass(slots=True)
class _Memory:
    reaches: int
    chunks: list[Chunk]
    saved: dict[int, Chunk]
    """begin → chunk, as saved"""
    last: LastOffsets = field(default_factory=LastOffsets)
    pairs: Pairs = field(default_factory=NO_PAIRS.copy)
    """what came since the last chunk"""

    def __post_init__(self) -> None:
        if self.chunks:
            offsets, hashes = np.concatenate([chunk.pairs for chunk in self.chunks]).T
            self.last.add(sorted_by_hash(hashes, offsets), since=0)

    def repeated(self, arrivals: Arrivals, window: int) -> NDArray[np.int64]:
        """The places of those that came before, within so many offsets; all are remembered from now on."""
        order = arrivals.by_hash
        came = Stood(arrivals.hashes[order], arrivals.offsets[order])
        last = self.last.of(came.hashes)
        # What came twice by now stood last where it came before.
        again = np.flatnonzero(came.hashes[1:] == came.hashes[:-1]) + 1
        last[again] = came.offsets[again - 1]
        self.last.add(came, since=self.reaches - window)
        self.pairs = np.concatenate([self.pairs, paired(arrivals.offsets, arrivals.hashes)])
        repeat: NDArray[np.bool_] = repeats_within(window, last, came.offsets)
        return arrivals.places[order[repeat]]

    def reach(self, end: int, window: int) -> None:
        """What came ends there; forget what is too old for any event from there on."""
        for chunk in in_chunks(self.reaches, end, self.pairs):
            self.chunks = appended(self.chunks, chunk)
        self.reaches, self.pairs = end, NO_PAIRS
        while self.chunks and self.chunks[0].end <= end - window:
            self.chunks.pop(0)

    def changes(self) -> Changes:
        """What is to be saved since this was asked last."""
        now = {chunk.begin: chunk for chunk in self.chunks}
        gone = [begin for begin, chunk in self.saved.items() if now.get(begin) is not chunk]
        new = [chunk for begin, chunk in now.items() if self.saved.get(begin) is not chunk]
        self.saved = now
        return Changes(gone, new)


def repeats_within(window: int, last: Any, offset: Any) -> Any:
    """Whether what stands at an offset stood within so many offsets before it, too; last: where it stood last.

    Of two numbers, or of many in two columns.

    This alone says what counts as a repetition, so that whoever knows where an event stood last, from whatever source,
    comes to the same verdict.
    """
    return (last <= offset) & (offset - last <= window)


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
        repeated: list[int] = []
        for partition, arrivals in _arrivals(batch, self._saved.hashes).items():
            repeated += self._memories[partition].repeated(arrivals, self._window).tolist()
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
            events = self._paired(self._read_back(partition, begin, known_from))
            chunks = [*in_chunks(begin, known_from, events), *chunks]
        return _Memory(end, chunks, {chunk.begin: chunk for chunk in saved})

    def _paired(self, events: Iterable[tuple[str, int]]) -> Pairs:
        read, found = iter(events), [NO_PAIRS]
        while some := list(islice(read, READ_BACK_AT_ONCE)):
            identities, offsets = zip(*some, strict=True)
            found.append(paired(np.array(offsets, np.int64), self._saved.hashes.of(identities)))
        return np.concatenate(found)


def _arrivals(batch: Batch[EventT], hashes: IdentityHashes) -> dict[Partition, Arrivals]:
    """What came to each partition. Places count the records, and the orders behind them."""
    found = _of_records(batch.records, hashes)
    for where, some in batch.orders.make(_of_orders, hashes).items() if batch.orders else ():
        behind = some._replace(places=some.places + len(batch.records))
        found[where] = _together(found[where], behind) if where in found else behind
    return found


def _of_records(records: Sequence[Record[EventT]], hashes: IdentityHashes) -> dict[Partition, Arrivals]:
    places: dict[Partition, list[int]] = defaultdict(list)
    for place, record in enumerate(records):
        places[record.topic, record.partition].append(place)
    offsets = np.array([record.offset for record in records], np.int64)
    hashed = hashes.of([record.event.identity for record in records])
    return {where: _arrived(offsets[some], hashed[some], np.array(some)) for where, some in places.items()}


def _of_orders(orders: "Orders", hashes: IdentityHashes) -> dict[Partition, Arrivals]:
    hashed = hashes.of_orders(orders)
    return {where: _arrived(orders.offset[some], hashed[some], some) for where, some in orders.by_partition().items()}


def _arrived(offsets: NDArray[np.int64], hashes: NDArray[np.int64], places: NDArray[np.int64]) -> Arrivals:
    return Arrivals(offsets, hashes, places, order_of(hashes))


def _together(some: Arrivals, others: Arrivals) -> Arrivals:
    offsets, hashes, places = (np.concatenate(both) for both in zip(some[:3], others[:3], strict=True))
    order = np.argsort(offsets, kind="stable")
    return _arrived(offsets[order], hashes[order], places[order])
