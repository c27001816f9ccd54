from collections.abc import Iterable
from datetime import UTC, datetime

from events import Status, Transaction
from streaming.consuming.deduplication import SeenEvents
from streaming.partitioner import Partition
from streaming.records import Batch, Record

MOMENT = datetime(2026, 11, 22, tzinfo=UTC)
P0: Partition = ("transactions", 0)
P1: Partition = ("transactions", 1)


def batch(*order_ids: str, start: int, partition: Partition = P0) -> Batch[Transaction]:
    return Batch(
        [
            Record(Transaction(order_id, 7, 1.0, Status.SUCCESS, MOMENT), *partition, offset, MOMENT)
            for offset, order_id in enumerate(order_ids, start)
        ]
    )


def ids(result: Batch[Transaction]) -> list[str]:
    return [event.order_id for event in result.events]


def nothing(partition: Partition, begin: int, end: int) -> Iterable[tuple[str, int]]:
    return []


def test_an_event_that_arrives_again_is_left_out() -> None:
    seen = SeenEvents(10, nothing)
    assert ids(seen.first_arrivals(batch("a", "b", "a", start=0), {P0: 0})) == ["a", "b"]
    assert ids(seen.first_arrivals(batch("b", "c", start=3), {P0: 3})) == ["c"]


def test_the_memory_reaches_back_as_many_offsets_as_it_was_told_to() -> None:
    seen = SeenEvents(3, nothing)
    seen.first_arrivals(batch("a", "b", "c", "d", start=0), {P0: 0})
    assert ids(seen.first_arrivals(batch("b", start=4), {P0: 4})) == []
    assert ids(seen.first_arrivals(batch("a", start=5), {P0: 5})) == ["a"]


def test_an_event_told_again_is_remembered_from_there_on() -> None:
    seen = SeenEvents(3, nothing)
    seen.first_arrivals(batch("a", "b", "c", "a", "d", "e", start=0), {P0: 0})
    assert ids(seen.first_arrivals(batch("a", start=6), {P0: 6})) == []


def test_partitions_are_remembered_apart() -> None:
    seen = SeenEvents(10, nothing)
    seen.first_arrivals(batch("a", start=0), {P0: 0})
    assert ids(seen.first_arrivals(batch("a", start=0, partition=P1), {P1: 0})) == ["a"]


def test_a_memory_that_does_not_reach_what_is_applied_is_read_back() -> None:
    asked: list[tuple[Partition, int, int]] = []

    def log(partition: Partition, begin: int, end: int) -> Iterable[tuple[str, int]]:
        asked.append((partition, begin, end))
        return [("x 7", end - 2), ("y 7", end - 1)]

    seen = SeenEvents(10, log)
    assert ids(seen.first_arrivals(batch("x", "z", start=2), {P0: 2})) == ["z"]
    assert ids(seen.first_arrivals(batch("w", start=4), {P0: 4})) == ["w"]
    assert asked == [(P0, 0, 2)]
    # A rollback: the database stands before what the memory holds.
    assert ids(seen.first_arrivals(batch("z", start=2), {P0: 2})) == ["z"]
    assert asked == [(P0, 0, 2), (P0, 0, 2)]
