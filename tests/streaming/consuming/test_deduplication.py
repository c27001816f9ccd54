from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from events import Status, Transaction
from streaming.consuming.deduplication import SeenEvents
from streaming.partitioner import Partition
from streaming.records import Batch, Record, records_of
from tests.columns import in_columns

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


told = st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from([P0, P1]), st.booleans()), max_size=40)


@given(told, st.lists(st.integers(0, 40)), st.integers(0, 12))
def test_what_came_in_columns_is_recognised_as_what_came_row_by_row(
    orders: list[tuple[str, Partition, bool]], cuts: list[int], window: int
) -> None:
    ends: dict[Partition, int] = {P0: 0, P1: 0}
    records = []
    for order_id, partition, plain in orders:
        event = Transaction(order_id, 7, 1.0, Status.SUCCESS, MOMENT)
        records.append((Record(event, *partition, ends[partition], MOMENT), plain))
        ends[partition] += 1
    by_row, by_column = SeenEvents(window, nothing), SeenEvents(window, nothing)
    reached: dict[Partition, int] = {P0: 0, P1: 0}
    places = sorted({0, *cuts, len(records)})
    for begin, end in pairwise(places):
        part = records[begin:end]
        rows = Batch([record for record, _ in part])
        columns = in_columns(Batch([record for record, plain in part if plain]))
        mixed = Batch([record for record, plain in part if not plain], columns.orders)
        first = by_column.first_arrivals(mixed, reached)
        found = [*first.records, *(records_of(first.orders) if first.orders else ())]
        expected = by_row.first_arrivals(rows, reached).records
        assert sorted(found, key=place) == sorted(expected, key=place)
        reached |= rows.next_offsets


def place(record: Record[Transaction]) -> tuple[int, int]:
    return record.partition, record.offset
