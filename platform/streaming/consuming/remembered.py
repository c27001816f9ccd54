"""Stretches of a partition as they are remembered: where each event stood, and a short hash of what it was. Pure."""

import sys
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain, pairwise

PAIRS_IN_A_CHUNK = 8192
"""at the most: 128 KB"""


def short_hashes(identities: Iterable[bytes]) -> "array[int]":
    """64 bits of each, the same in every process and on every machine."""
    return _little_endian(array("q", b"".join([blake2b(each, digest_size=8).digest() for each in identities])))


def short_hash(identity: str) -> int:
    """The same of one."""
    return short_hashes([identity.encode()])[0]


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """What a partition held from offset `begin` on and before `end`."""

    begin: int
    end: int
    pairs: "array[int]"
    """offset and hash of each event, one after the other, in order"""

    def __len__(self) -> int:
        return len(self.pairs) // 2

    def placed(self) -> Iterator[tuple[int, int]]:
        """Hash and offset of each event, in order."""
        return zip(self.pairs[1::2], self.pairs[::2], strict=True)

    def before(self, following: "Chunk") -> "Chunk":
        """This one and the one that follows it, as one."""
        return Chunk(self.begin, following.end, self.pairs + following.pairs)

    def packed(self) -> bytes:
        """The pairs, in 16 bytes each, little-endian."""
        return _little_endian(self.pairs).tobytes()

    @classmethod
    def unpacked(cls, begin: int, end: int, packed: bytes) -> "Chunk":
        return cls(begin, end, _little_endian(array("q", packed)))


def in_chunks(begin: int, end: int, pairs: "array[int]") -> list[Chunk]:
    """What stood from offset `begin` on and before `end`, in one chunk or as many as it takes."""
    cuts = range(2 * PAIRS_IN_A_CHUNK, len(pairs), 2 * PAIRS_IN_A_CHUNK)
    offsets, places = [begin, *(pairs[cut] for cut in cuts), end], [0, *cuts, len(pairs)]
    return [
        Chunk(first, last, pairs[start:stop])
        for (first, last), (start, stop) in zip(pairwise(offsets), pairwise(places), strict=True)
    ]


def paired(events: Iterable[tuple[str, int]]) -> "array[int]":
    """The pairs of a chunk, from identity and offset of each event."""
    return array("q", chain.from_iterable((offset, short_hash(identity)) for identity, offset in events))


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


def _little_endian(values: "array[int]") -> "array[int]":
    if sys.byteorder == "big":
        values = values[:]
        values.byteswap()
    return values
