"""What a worker remembers comes back from MySQL as it was saved, whichever bytes it is of."""

from collections.abc import Iterator

import numpy as np
import pytest

from streaming.consuming.deduplication import Changes
from streaming.consuming.remembered import Chunk, paired
from streaming.consuming.saved_chunks import ROWS_PER_STATEMENT, SavedChunks
from streaming.partitioner import Partition

pytestmark = pytest.mark.django_db

P0: Partition = ("transactions", 0)
LARGEST = 8192


def chunks(count: int, size: int) -> Iterator[Chunk]:
    """The first one has a gap."""
    hashes = np.frombuffer(np.random.default_rng(7).bytes(8 * size), np.int64)
    for begin in range(0, count * size, size):
        yield Chunk(begin, begin + size, paired(np.arange(begin, begin + size), hashes)[begin == 0 :])


@pytest.mark.parametrize(("count", "size"), [(1, 1), (3, LARGEST), (ROWS_PER_STATEMENT + 1, 100)])
def test_chunks_come_back_as_they_were_saved(count: int, size: int) -> None:
    saved, told = SavedChunks("totals", lambda partition, end: None), list(chunks(count, size))
    saved.save({P0: Changes([], told)})
    found = saved.load(P0, count * size)
    assert [(each.begin, each.end, each.pairs.tolist()) for each in found] == [
        (each.begin, each.end, each.pairs.tolist()) for each in told
    ]
