from collections.abc import Mapping

from monitoring.verdicts import Partition, Position, Reason, Verdict, judge

A, B = ("transactions", 0), ("transactions", 1)
NOTHING: Mapping[Partition, Position] = {}


def test_a_group_that_has_read_everything_is_ok_even_without_members() -> None:
    judgement = judge({A: Position(10, 0)}, {A: Position(10, 0)}, members=0)
    assert (judgement.verdict, judgement.reason) == (Verdict.OK, Reason.CAUGHT_UP)


def test_a_group_that_moves_is_ok_however_far_behind() -> None:
    judgement = judge({A: Position(11, 1_000_000)}, {A: Position(10, 5)}, members=1)
    assert (judgement.verdict, judgement.reason) == (Verdict.OK, Reason.MOVING)


def test_a_group_that_reads_nothing_while_records_wait_is_stalled() -> None:
    judgement = judge({A: Position(10, 7)}, {A: Position(10, 5)}, members=1)
    assert (judgement.verdict, judgement.reason) == (Verdict.ERR, Reason.STALLED)
    assert "transactions[0]" in judgement.detail


def test_one_partition_that_stands_still_is_enough() -> None:
    judgement = judge({A: Position(20, 5), B: Position(10, 7)}, {A: Position(10, 5), B: Position(10, 7)}, members=2)
    assert judgement.reason is Reason.STALLED
    assert "transactions[1]" in judgement.detail
    assert "transactions[0]" not in judgement.detail


def test_records_that_have_only_just_come_are_no_sign_of_a_stall() -> None:
    assert judge({A: Position(10, 7)}, {A: Position(10, 0)}, members=1).reason is Reason.MOVING


def test_nothing_is_stalled_at_the_first_sight() -> None:
    assert judge({A: Position(10, 7)}, NOTHING, members=1).reason is Reason.MOVING


def test_a_lagging_group_without_members_is_stopped() -> None:
    judgement = judge({A: Position(10, 1200)}, NOTHING, members=0)
    assert (judgement.verdict, judgement.reason) == (Verdict.ERR, Reason.STOPPED)
    assert "1,200 records" in judgement.detail


def test_a_group_that_people_run_on_demand_waits() -> None:
    judgement = judge({A: Position(10, 7)}, {A: Position(10, 7)}, members=0, on_demand=True)
    assert (judgement.verdict, judgement.reason) == (Verdict.WARN, Reason.WAITING)


def test_a_sentence_names_no_more_partitions_than_it_can_carry() -> None:
    many = {("transactions", number): Position(1, 1) for number in range(12)}
    assert "transactions[2] and 9 more" in judge(many, many, members=1).detail
