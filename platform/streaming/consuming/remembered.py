"""Stretches of a partition as they are remembered: where each event stood, and a short hash of what it was. Pure."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

PAIRS_IN_A_CHUNK = 8192
"""at the most: 64 KB as they are saved, 128 with offsets"""
LAYOUT = "2"
"""of chunks as they are saved; what has another one is none of ours"""

Pairs = NDArray[np.int64]
"""a row for each event, in order: its offset, and the hash of its identity"""
NO_PAIRS: Pairs = np.empty((0, 2), np.int64)


def paired(offsets: NDArray[np.int64], hashes: NDArray[np.int64]) -> Pairs:
    return np.stack([offsets, hashes], axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """What a partition held from offset `begin` on and before `end`."""

    begin: int
    end: int
    pairs: Pairs

    def __len__(self) -> int:
        return len(self.pairs)

    def before(self, following: "Chunk") -> "Chunk":
        """This one and the one that follows it, as one."""
        return Chunk(self.begin, following.end, np.concatenate([self.pairs, following.pairs]))

    def packed(self) -> bytes:
        """How many they are, their hashes, and their offsets unless an event stood at each; 8 bytes, little-endian."""
        offsets, hashes = self.pairs.T
        told = offsets if len(self) < self.end - self.begin else offsets[:0]
        return np.concatenate([[len(self)], hashes, told]).astype("<i8").tobytes()

    @classmethod
    def unpacked(cls, begin: int, end: int, packed: bytes) -> "Chunk":
        count, *_ = numbers = np.frombuffer(packed, "<i8").astype(np.int64)
        hashes, told = np.split(numbers[1:], [count])
        return cls(begin, end, paired(told if len(told) else np.arange(begin, begin + count), hashes))


def in_chunks(begin: int, end: int, pairs: Pairs) -> list[Chunk]:
    """What stood from offset `begin` on and before `end`, in one chunk or as many as it takes."""
    cuts = range(PAIRS_IN_A_CHUNK, len(pairs), PAIRS_IN_A_CHUNK)
    offsets, places = [begin, *(int(pairs[cut, 0]) for cut in cuts), end], [0, *cuts, len(pairs)]
    return [
        Chunk(first, last, pairs[start:stop])
        for (first, last), (start, stop) in zip(pairwise(offsets), pairwise(places), strict=True)
    ]


def appended(chunks: list[Chunk], new: Chunk) -> list[Chunk]:
    """The chunks with a new one, which takes in those before it that are no larger.

    So however small the stretches are that are appended, few chunks are left of them, and none of it is written again
    more often than its chunk doubles.
    """
    kept = len(chunks)
    while kept and len(chunks[kept - 1]) <= len(new) <= PAIRS_IN_A_CHUNK - len(chunks[kept - 1]):
        kept -= 1
        new = chunks[kept].before(new)
    return [*chunks[:kept], new]


def reaching(end: int, chunks: list[Chunk]) -> list[Chunk]:
    """The chunks, if they follow each other and end there, and otherwise none: then nobody knows what is missing."""
    ends = [chunk.end for chunk in chunks]
    begins = [chunk.begin for chunk in chunks[1:]]
    return chunks if ends == [*begins, end] else []
