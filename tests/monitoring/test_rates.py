from collections.abc import Hashable, Mapping
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitoring.rates import Sample, latest_rates

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
WINDOW = timedelta(seconds=10)


def sample(seconds: float, ends: Mapping[Hashable, int], committed: Mapping[Hashable, int] | None = None) -> Sample:
    return Sample(START + timedelta(seconds=seconds), {"transactions": ends}, {"fraud": committed or {}})


def test_a_rate_is_what_came_in_all_partitions_by_the_time_it_took() -> None:
    rates = latest_rates([sample(0, {0: 100, 1: 50}), sample(4, {0: 130, 1: 60})], WINDOW)
    assert rates is not None
    assert rates.topics == {"transactions": 10.0}


def test_groups_have_rates_by_what_they_committed() -> None:
    rates = latest_rates([sample(0, {}, {("transactions", 0): 5}), sample(2, {}, {("transactions", 0): 8})], WINDOW)
    assert rates is not None
    assert rates.groups == {"fraud": 1.5}


def test_only_the_window_counts() -> None:
    rates = latest_rates([sample(0, {0: 0}), sample(5, {0: 1000}), sample(15, {0: 1100})], WINDOW)
    assert rates is not None
    assert rates.topics == {"transactions": 10.0}


def test_one_sample_in_the_window_gives_no_rates() -> None:
    assert latest_rates([sample(0, {0: 5})], WINDOW) is None
    assert latest_rates([sample(0, {0: 5}), sample(60, {0: 9})], WINDOW) is None


def test_a_partition_or_topic_seen_for_the_first_time_adds_nothing() -> None:
    new = Sample(START + timedelta(seconds=1), {"transactions": {0: 7, 1: 900}, "new": {0: 5}}, {})
    rates = latest_rates([sample(0, {0: 5}), new], WINDOW)
    assert rates is not None
    assert rates.topics == {"transactions": 2.0, "new": 0.0}


def test_a_topic_made_anew_has_no_negative_rate() -> None:
    rates = latest_rates([sample(0, {0: 1000}), sample(1, {0: 3})], WINDOW)
    assert rates is not None
    assert rates.topics == {"transactions": 0.0}


@given(st.lists(st.integers(0, 10**6), min_size=2, max_size=8))
def test_rates_over_a_steady_log_add_up_to_what_was_written(growths: list[int]) -> None:
    ends = [sum(growths[: n + 1]) for n in range(len(growths))]
    samples = [sample(n, {0: end}) for n, end in enumerate(ends)]
    rates = latest_rates(samples, timedelta(seconds=len(growths)))
    assert rates is not None
    assert abs(rates.topics["transactions"] * (len(growths) - 1) - (ends[-1] - ends[0])) < 0.01 * len(growths)
