import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from database.values import stored
from events.time import from_millis
from streaming.columns import LATEST_MILLIS
from transactions.rows import _all_stored


@given(
    st.lists(st.one_of(st.integers(0, LATEST_MILLIS), st.integers(0, LATEST_MILLIS // 1000).map(lambda n: n * 1000)))
)
def test_many_moments_are_stored_as_each_alone(millis: list[int]) -> None:
    """To the letter: SQLite compares texts."""
    assert _all_stored(np.array(millis, np.int64)) == [stored(from_millis(each)) for each in millis]
