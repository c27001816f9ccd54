import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from streaming.consuming.last_offsets import NOWHERE, LastOffsets, Stood, order_of, sorted_by_hash

EXTREMES = [-(2**63), -1, 0, 1, 2**63 - 1]
HASHES = st.sampled_from([*EXTREMES, *range(2, 40)])


def stood(offset: int, *hashes: int) -> Stood:
    return sorted_by_hash(np.array(hashes, np.int64), np.arange(offset, offset + len(hashes)))


@given(st.lists(st.lists(HASHES, max_size=30), max_size=30), st.integers(1, 60))
def test_it_knows_what_a_dictionary_knows_of_what_is_not_too_old(batches: list[list[int]], window: int) -> None:
    known: dict[int, int] = {}
    last, offset = LastOffsets(), 0
    every = np.unique(np.array([*EXTREMES, *range(2, 40)], np.int64))
    for hashes in batches:
        since = max(0, offset - window)
        last.add(stood(offset, *hashes), since)
        known |= {hashed: place for place, hashed in enumerate(hashes, offset)}
        offset += len(hashes)
        for hashed, found in zip(every.tolist(), last.of(every).tolist(), strict=True):
            if found >= since or known.get(hashed, -1) >= since:
                assert found == known[hashed]


@given(st.lists(HASHES | st.integers(-(2**63), 2**63 - 1), max_size=200))
def test_equal_hashes_stay_in_the_order_of_their_places(hashes: list[int]) -> None:
    assert order_of(np.array(hashes, np.int64)).tolist() == sorted(range(len(hashes)), key=hashes.__getitem__)


def test_what_nobody_told_of_stood_nowhere() -> None:
    assert LastOffsets().of(np.array([1, 2])).tolist() == [NOWHERE, NOWHERE]


def test_of_ever_smaller_batches_few_stretches_are_left() -> None:
    last, offset = LastOffsets(), 0
    for size in range(500, 0, -1):
        last.add(stood(offset, *range(offset, offset + size)), 0)
        offset += size
    assert len(last._stretches) <= 18
    assert last.of(np.arange(offset)).tolist() == list(range(offset))


def test_it_holds_at_most_twice_as_much_as_is_to_be_remembered() -> None:
    last, window = LastOffsets(), 1000
    for offset in range(0, 20_000, 10):
        last.add(stood(offset, *range(offset, offset + 10)), offset - window)
        assert sum(len(stretch.hashes) for stretch in last._stretches) <= 2 * (window + 10)
