"""When windows begin and end, and what callers are told of them."""

import limits
from hypothesis import given
from hypothesis import strategies as some

from api.rates import Policy, Use, told

RATE = limits.parse("3/minute")
POLICY = Policy("writes-per-account", RATE)
subjects = some.text(max_size=40)
moments = some.floats(min_value=0, max_value=4e9)


@given(subjects, moments)
def test_a_window_ends_when_it_says_and_not_a_second_before(subject: str, now: float) -> None:
    key, ends_in = POLICY.window(subject, now)
    assert 1 <= ends_in <= 60
    assert POLICY.window(subject, int(now) + ends_in - 1)[0] == key
    assert POLICY.window(subject, now + ends_in)[0] != key


@given(subjects, subjects, moments)
def test_nobody_is_counted_with_another(one: str, other: str, now: float) -> None:
    assert (POLICY.window(one, now)[0] == POLICY.window(other, now)[0]) == (one == other)


def test_not_all_windows_begin_at_the_same_moment() -> None:
    assert len({POLICY.window(str(number), 1_000_000)[1] for number in range(50)}) > 10


def test_as_many_as_the_rate_says_are_taken_and_not_one_more() -> None:
    uses = [Use(POLICY, count, 12) for count in range(1, 6)]
    assert [use.is_too_much for use in uses] == [False, False, False, True, True]
    assert [use.left for use in uses] == [2, 1, 0, 0, 0]


def test_the_fields_are_lists_of_structured_fields() -> None:
    other = Policy("writes-per-address", limits.parse("100/hour"))
    assert told([Use(other, 1, 3000), Use(POLICY, 2, 12)]) == {
        "RateLimit-Policy": '"writes-per-address";q=100;w=3600, "writes-per-account";q=3;w=60',
        "RateLimit": '"writes-per-address";r=99;t=3000, "writes-per-account";r=1;t=12',
    }


def test_who_is_not_limited_is_told_nothing() -> None:
    assert told([]) == {}
