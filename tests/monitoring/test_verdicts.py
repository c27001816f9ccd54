from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitoring.reasons import PartitionVerdict, Reason, Verdict
from monitoring.verdicts import WINDOW, Hearing, Judgement, Position, Sample, judge
from streaming.partitioner import Partition

A, B = ("transactions", 0), ("transactions", 1)
EVERY = timedelta(seconds=10)
START = datetime(2026, 11, 1, tzinfo=UTC)
Where = tuple[int, ...]
"""(committed offset, lag), or with how many are held"""


def watched(*positions: Mapping[Partition, Where] | Where, **who: Any) -> Judgement:
    """The judgement after samples ten seconds apart; a sample is where the group stood, in partition A if not told."""
    samples = [
        Sample(
            START + number * EVERY,
            {p: Position(*where) for p, where in (each if isinstance(each, Mapping) else {A: each}).items()},
        )
        for number, each in enumerate(positions)
    ]
    known: dict[str, Any] = {"members": 1, "read": {A, B}} | who
    return judge(samples, **known)


def of_partition(judgement: Judgement) -> PartitionVerdict:
    return judgement.partitions[A]


def test_a_group_that_has_read_everything_is_ok_even_without_members() -> None:
    judgement = watched((10, 0), (10, 0), (10, 0), (10, 0), members=0)
    assert (judgement.verdict, judgement.reason) == (Verdict.OK, Reason.CAUGHT_UP)
    assert of_partition(judgement) is PartitionVerdict.OK
    assert judgement.seconds_to_clear == 0


def test_a_group_that_moves_is_ok_however_far_behind() -> None:
    judgement = watched((10, 1_000_000), (20, 999_000), (30, 1_000_000), (40, 1_000_100))
    assert (judgement.verdict, judgement.reason) == (Verdict.OK, Reason.MOVING)


def test_offsets_that_stand_still_through_the_window_while_records_wait_are_a_stall() -> None:
    judgement = watched((10, 5), (10, 5), (10, 6), (10, 7))
    assert (judgement.verdict, judgement.reason) == (Verdict.ERR, Reason.STALLED)
    assert of_partition(judgement) is PartitionVerdict.STALL
    assert "transactions[0]" in judgement.detail


def test_a_stall_takes_the_whole_window() -> None:
    judgement = watched((10, 5), (10, 5), (10, 6))
    assert (judgement.verdict, judgement.reason) == (Verdict.OK, Reason.WATCHING)
    assert judgement.watched_seconds == 20


def test_two_looks_with_nothing_in_between_are_enough() -> None:
    # The record at the offset waited at the first look, and waits at the second one.
    samples = [Sample(START, {A: Position(10, 5)}), Sample(START + WINDOW, {A: Position(10, 5)})]
    assert judge(samples, members=1, read={A}).reason is Reason.STALLED


def test_lag_that_was_zero_within_the_window_is_no_trouble() -> None:
    judgement = watched((10, 0), (10, 5), (10, 6), (10, 7))
    assert (judgement.verdict, judgement.reason) == (Verdict.OK, Reason.MOVING)
    assert "have just come" in judgement.detail


def test_zeros_before_the_window_are_forgotten() -> None:
    assert watched((10, 0), (10, 5), (10, 6), (10, 7), (10, 8)).reason is Reason.STALLED


def test_one_partition_that_stands_still_is_enough() -> None:
    judgement = watched(*({A: (10 + n, 5), B: (10, 7)} for n in range(4)), members=2)
    assert judgement.reason is Reason.STALLED
    assert "transactions[1]" in judgement.detail
    assert "transactions[0]" not in judgement.detail
    assert dict(judgement.partitions) == {A: PartitionVerdict.OK, B: PartitionVerdict.STALL}


def test_a_partition_that_nobody_was_given_has_stopped_though_others_are_read() -> None:
    judgement = watched(*({A: (10 + n, 5), B: (10, 7)} for n in range(4)), read={A})
    assert judgement.reason is Reason.STOPPED
    assert judgement.partitions[B] is PartitionVerdict.STOP


def test_a_lagging_group_without_members_has_stopped_at_once() -> None:
    judgement = watched((10, 1200), members=0, read=())
    assert (judgement.verdict, judgement.reason) == (Verdict.ERR, Reason.STOPPED)
    assert of_partition(judgement) is PartitionVerdict.STOP
    assert "1,200 records" in judgement.detail


def test_an_offset_that_went_back_is_a_rewind_also_after_zero_lag() -> None:
    judgement = watched((30, 0), (20, 10))
    assert (judgement.verdict, judgement.reason) == (Verdict.ERR, Reason.REWOUND)
    assert of_partition(judgement) is PartitionVerdict.REWIND


@pytest.mark.parametrize("members", [0, 1])
def test_a_rewind_is_told_whoever_is_there(members: int) -> None:
    assert watched((30, 1), (20, 11), members=members).reason is Reason.REWOUND


def test_a_rewind_ends_when_the_group_has_caught_up_with_itself() -> None:
    assert watched((30, 5), (20, 15), (25, 12), (29, 9)).reason is Reason.REWOUND
    assert watched((30, 5), (20, 15), (25, 12), (30, 9)).reason is Reason.MOVING


def test_lag_that_rises_through_the_whole_window_is_a_warning() -> None:
    judgement = watched((10, 5), (20, 10), (30, 10), (40, 25))
    assert (judgement.verdict, judgement.reason) == (Verdict.WARN, Reason.FALLING_BEHIND)
    assert of_partition(judgement) is PartitionVerdict.WARN


def test_lag_that_fell_once_is_none() -> None:
    assert watched((10, 5), (20, 10), (30, 9), (40, 25)).verdict is Verdict.OK


def test_lag_that_stays_as_it_is_is_none() -> None:
    assert watched((10, 5), (20, 5), (30, 5), (40, 5)).verdict is Verdict.OK


def test_two_looks_do_not_show_that_lag_rose_all_the_while() -> None:
    samples = [Sample(START, {A: Position(10, 5)}), Sample(START + WINDOW, {A: Position(20, 50)})]
    assert judge(samples, members=1, read={A}).verdict is Verdict.OK


def test_at_the_first_sight_nothing_is_claimed() -> None:
    judgement = watched((10, 7))
    assert (judgement.verdict, judgement.reason) == (Verdict.OK, Reason.WATCHING)
    assert (judgement.trend, judgement.seconds_to_clear) == (None, None)


def test_the_worst_partition_names_the_group() -> None:
    rewound, stalled = [(30, 5), (20, 15), (20, 15), (20, 15)], [(10, 5)] * 4
    assert watched(*({A: a, B: b} for a, b in zip(rewound, stalled, strict=True))).reason is Reason.REWOUND


def test_trend_and_time_to_clear_follow_the_lag() -> None:
    judgement = watched((0, 1000), (20, 900), (40, 800), (60, 700))
    assert judgement.trend == -10
    assert judgement.seconds_to_clear == 70


def test_lag_that_does_not_shrink_is_never_cleared() -> None:
    judgement = watched((0, 100), (5, 130), (10, 160), (15, 190))
    assert judgement.trend == 3
    assert judgement.seconds_to_clear is None


def test_a_group_that_people_run_on_demand_waits() -> None:
    judgement = watched((10, 7), (10, 7), (10, 7), (10, 7), members=0, on_demand=True)
    assert (judgement.verdict, judgement.reason) == (Verdict.WARN, Reason.WAITING)
    assert of_partition(judgement) is PartitionVerdict.OK


def test_a_sentence_names_no_more_partitions_than_it_can_carry() -> None:
    many = {("transactions", number): (1, 1) for number in range(12)}
    assert "transactions[2] and 9 more" in watched(*[many] * 4, read=set(many)).detail


def test_what_stands_behind_an_open_transaction_is_held_since_it_began() -> None:
    since = START - timedelta(days=1)
    judgement = watched((10, 5, 5), hearing=Hearing(open_since={A: since}))
    assert (judgement.verdict, judgement.reason) == (Verdict.WARN, Reason.OPEN_TRANSACTION)
    assert of_partition(judgement) is PartitionVerdict.HELD
    assert "5 records wait behind a transaction" in judgement.detail
    assert "transactions[0] since 31 Oct 2026, 00:00:00 UTC" in judgement.detail


def test_a_transaction_that_has_just_begun_is_of_no_concern() -> None:
    judgement = watched((10, 1, 1), hearing=Hearing(open_since={A: START - timedelta(seconds=1)}))
    assert (judgement.verdict, judgement.reason) == (Verdict.OK, Reason.OPEN_TRANSACTION)


def test_it_is_held_only_when_nothing_else_is_left_to_read() -> None:
    assert watched((10, 5, 4), hearing=Hearing(open_since={A: START})).reason is Reason.WATCHING
    assert watched(*[(10, 5, 4)] * 4, hearing=Hearing(open_since={A: START})).reason is Reason.STALLED


def test_what_comes_behind_an_open_transaction_does_not_make_a_group_slow() -> None:
    judgement = watched((10, 5, 0), (11, 8, 4), (12, 12, 9), (13, 17, 15))
    assert judgement.reason is Reason.MOVING


def test_a_group_that_nobody_is_in_has_stopped_whatever_is_held() -> None:
    assert watched((10, 5, 5), members=0, read=()).reason is Reason.STOPPED


@pytest.mark.parametrize("members", [0, 1])
def test_of_a_group_without_any_offset_nothing_is_known(members: int) -> None:
    judgement = watched({}, members=members)
    assert (judgement.verdict, judgement.reason) == (Verdict.UNKNOWN, Reason.UNKNOWN)
    assert "committed nothing" in judgement.detail


@pytest.mark.parametrize("who", [{"members": 1}, {"members": 0, "on_demand": True}])
def test_a_partition_whose_end_nobody_tells_is_not_caught_up(who: dict[str, Any]) -> None:
    judgement = watched({A: (10, 0), B: (10, 0)}, hearing=Hearing(silent={B}), **who)
    assert (judgement.verdict, judgement.reason) == (Verdict.UNKNOWN, Reason.UNKNOWN)
    assert "transactions[1]" in judgement.detail
    assert judgement.partitions[B] is PartitionVerdict.UNKNOWN


def test_a_group_whose_coordinator_is_silent_is_unknown_wherever_it_stood() -> None:
    judgement = watched((10, 0), members=0, hearing=Hearing(is_heard=False))
    assert (judgement.verdict, judgement.reason) == (Verdict.UNKNOWN, Reason.UNKNOWN)
