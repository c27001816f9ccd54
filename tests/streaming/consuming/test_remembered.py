from itertools import pairwise

import numpy as np
import pytest

from streaming.consuming.remembered import (
    NO_PAIRS,
    PAIRS_IN_A_CHUNK,
    Chunk,
    Pairs,
    appended,
    in_chunks,
    paired,
    reaching,
)


def pairs_at(offsets: range) -> Pairs:
    return paired(np.array(offsets), np.array(offsets) * 7)


def stretch(begin: int, end: int) -> Chunk:
    (chunk,) = in_chunks(begin, end, pairs_at(range(begin, end)))
    return chunk


def test_a_chunk_comes_back_as_it_was_packed() -> None:
    told = [[5, -(2**63)], [2**62, 2**63 - 1], [2**62 + 1, 0]]
    (chunk,) = in_chunks(3, 2**62 + 9, np.array(told, np.int64))
    again = Chunk.unpacked(chunk.begin, chunk.end, chunk.packed())
    assert (again.begin, again.end, again.pairs.tolist()) == (3, 2**62 + 9, told)
    assert len(chunk.packed()) == 8 + 3 * 16
    assert chunk.packed()[:9] == b"\x03\0\0\0\0\0\0\0\0"


@pytest.mark.parametrize("count", [0, 1, 2, 3, 100])
def test_where_an_event_stood_at_each_offset_the_hashes_say_all(count: int) -> None:
    chunk = Chunk(7, 7 + count, paired(np.arange(7, 7 + count), np.arange(count) + np.iinfo(np.int64).min))
    assert len(chunk.packed()) == 8 + 8 * count
    assert Chunk.unpacked(7, 7 + count, chunk.packed()).pairs.tolist() == chunk.pairs.tolist()


@pytest.mark.parametrize("count", [0, 1, 2, 3, 100])
def test_a_chunk_with_as_many_gaps_as_events_is_not_taken_for_one_without(count: int) -> None:
    chunk = Chunk(0, 2 * count, paired(2 * np.arange(count), np.arange(count) + 3))
    assert Chunk.unpacked(0, 2 * count, chunk.packed()).pairs.tolist() == chunk.pairs.tolist()


def test_a_stretch_without_events_is_remembered_as_such() -> None:
    (chunk,) = in_chunks(3, 9, NO_PAIRS)
    assert (chunk.begin, chunk.end, len(chunk)) == (3, 9, 0)


@pytest.mark.parametrize("count", [PAIRS_IN_A_CHUNK, PAIRS_IN_A_CHUNK + 1, 3 * PAIRS_IN_A_CHUNK + 7])
def test_a_long_stretch_is_cut_where_an_event_begins(count: int) -> None:
    chunks = in_chunks(0, 2 * count + 50, pairs_at(range(10, 2 * count + 10, 2)))
    assert max(map(len, chunks)) == PAIRS_IN_A_CHUNK
    assert sum(map(len, chunks)) == count
    assert reaching(2 * count + 50, chunks) == chunks
    assert chunks[0].begin == 0
    for chunk in chunks:
        assert all(chunk.begin <= offset < chunk.end for offset in chunk.pairs[:, 0])


@pytest.mark.parametrize("at_once", [1, 3, 170, 5000])
def test_however_little_is_appended_few_chunks_are_left_and_little_is_written_again(at_once: int) -> None:
    chunks: list[Chunk] = []
    written, total, most = 0, 100_000, 0
    for begin in range(0, total, at_once):
        chunks = appended(chunks, stretch(begin, begin + at_once))
        written += len(chunks[-1])
        most = max(most, len(chunks))
    # Half full or fuller, and one of each power of two at the end.
    assert most <= total / (PAIRS_IN_A_CHUNK / 2) + 14
    assert written <= total * 14
    assert all(chunk.end == following.begin for chunk, following in pairwise(chunks))
    assert max(map(len, chunks)) <= PAIRS_IN_A_CHUNK
    assert [offset for chunk in chunks for offset in chunk.pairs[:, 0].tolist()] == list(range(begin + at_once))


def test_chunks_that_leave_something_out_are_worth_nothing() -> None:
    one, two, three = stretch(0, 10), stretch(10, 30), stretch(30, 31)
    assert reaching(31, [one, two, three]) == [one, two, three]
    assert reaching(31, [one, three]) == reaching(32, [one, two, three]) == reaching(30, [one, two, three]) == []
    assert reaching(0, []) == []
