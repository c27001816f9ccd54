from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from reconciliation.comparison import (
    MINUTE,
    Buckets,
    bucket_of,
    checksum,
    differing_keys,
    kept_since,
    stretches_of,
    weighed,
)

NOW = datetime(2026, 11, 22, 14, tzinfo=UTC)
DAY = timedelta(days=1)
Fact = tuple[int, int, int]
"""bucket, key, cents"""

facts = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5), st.integers(-9, 9)))
sides = st.dictionaries(st.text(max_size=3), st.integers(0, 2))


@dataclass
class Keeps:
    begin: int
    oldest: datetime | None


def buckets(told: Sequence[Fact]) -> Buckets:
    side = Buckets()
    for bucket, key, cents in told:
        side.add(bucket, checksum(key, cents), cents)
    return side


@given(facts, facts)
def test_just_the_buckets_that_hold_something_else_differ(left: list[Fact], right: list[Fact]) -> None:
    expected = {
        bucket
        for bucket in range(4)
        if sorted(each for each in left if each[0] == bucket) != sorted(each for each in right if each[0] == bucket)
    }
    assert buckets(left).differing(buckets(right)) == expected


@given(st.lists(st.tuples(st.integers(0, 9), st.tuples(st.integers(), st.integers()))))
def test_the_checksum_of_a_total_is_the_sum_of_those_of_its_parts(parts: list[tuple[int, tuple[int, int]]]) -> None:
    totals: dict[int, tuple[int, int]] = {}
    for user, (a, b) in parts:
        before = totals.get(user, (0, 0))
        totals[user] = (before[0] + a, before[1] + b)
    assert sum(weighed(*each) for each in totals.items()) == sum(weighed(*each) for each in parts)


def test_the_same_total_of_another_user_or_column_has_another_checksum() -> None:
    assert len({weighed(1, (5, 0)), weighed(2, (5, 0)), weighed(1, (0, 5))}) == 3


@given(sides, sides)
def test_keys_differ_that_only_one_side_has_or_under_which_each_has_its_own(
    left: dict[str, int], right: dict[str, int]
) -> None:
    expected = sorted(key for key in left.keys() | right.keys() if left.get(key) != right.get(key))
    assert list(differing_keys(sorted(left.items()), sorted(right.items()))) == expected


def test_neighbouring_buckets_are_one_stretch() -> None:
    first = bucket_of(NOW, MINUTE)
    found = list(stretches_of({first, first + 1, first + 5}, MINUTE))
    begin = NOW.timestamp()
    assert found == [(begin, begin + 120), (begin + 300, begin + 360)]
    assert list(stretches_of([], MINUTE)) == []


def test_topics_that_begin_at_their_beginning_hold_everything() -> None:
    assert kept_since([Keeps(0, NOW), Keeps(0, None)], NOW - timedelta(minutes=5), NOW) is None
    assert kept_since([Keeps(0, None)], None, NOW) is None


def test_shortened_topics_hold_everything_since_the_last_of_their_first_records() -> None:
    partitions = [Keeps(7, NOW - 3 * DAY), Keeps(9, NOW - 2 * DAY), Keeps(0, NOW - DAY)]
    assert kept_since(partitions, None, NOW) == NOW - 2 * DAY
    assert kept_since([Keeps(7, None), Keeps(0, NOW - DAY)], None, NOW) == NOW


def test_topics_younger_than_the_table_were_made_anew() -> None:
    assert kept_since([Keeps(0, NOW - DAY), Keeps(0, NOW - 2 * DAY)], NOW - 3 * DAY, NOW) == NOW - 2 * DAY
    assert kept_since([Keeps(0, None)], NOW - DAY, NOW) == NOW
