"""The memory of deduplication as it is saved: processes that start anew are given nothing but the database."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from events import Status, Transaction
from streaming.consuming.deduplication import SeenEvents
from streaming.consuming.exactly_once import apply_once
from streaming.consuming.remembered import PAIRS_IN_A_CHUNK
from streaming.consuming.saved_chunks import SavedChunks
from streaming.models import AppliedOffset, HashKey, RememberedChunk
from streaming.partitioner import Partition
from streaming.records import Batch, Record

MOMENT = datetime(2026, 11, 22, tzinfo=UTC)
P0, P1 = ("transactions", 0), ("transactions", 1)
CONSUMER = "totals"
WINDOW = 10

pytestmark = pytest.mark.django_db


def batch(order_ids: Iterable[str], *, start: int, partition: Partition = P0) -> Batch[Transaction]:
    return Batch(
        [
            Record(Transaction(order_id, 7, 1.0, Status.SUCCESS, MOMENT), *partition, offset, MOMENT)
            for offset, order_id in enumerate(order_ids, start)
        ]
    )


def forbidden(partition: Partition, begin: int, end: int) -> Iterable[tuple[str, int]]:
    raise AssertionError(f"{partition} was to be read back from {begin} to {end}")


class Log:
    """A log of the orders x-0, x-1, …, which notes what is read back."""

    def __init__(self) -> None:
        self.asked: list[tuple[Partition, int, int]] = []

    def read_back(self, partition: Partition, begin: int, end: int) -> Iterable[tuple[str, int]]:
        self.asked.append((partition, begin, end))
        return [(f"x-{offset} 7", offset) for offset in range(begin, end)]


def started(window: int = WINDOW, read_back: Callable[..., Iterable[tuple[str, int]]] = forbidden) -> SeenEvents:
    return SeenEvents(window, read_back, SavedChunks(CONSUMER, lambda partition, end: None))


def apply(received: Batch[Transaction], seen: SeenEvents) -> list[str]:
    """The orders that count."""
    with apply_once(CONSUMER, received, seen) as fresh:
        return [event.order_id for event in fresh.events]


def test_a_process_that_starts_knows_what_came_before_without_the_log() -> None:
    assert apply(batch("ab", start=0), started()) == ["a", "b"]
    assert apply(batch("bc", start=2), started()) == ["c"]
    assert apply(batch("abc", start=4), started()) == []


def test_the_saved_memory_reaches_back_just_as_far() -> None:
    apply(batch("a", start=0), started())
    assert apply(batch("a", start=WINDOW), started()) == []
    apply(batch("b", start=WINDOW + 1), started())
    assert apply(batch("b", start=2 * WINDOW + 2), started()) == ["b"]


def test_after_a_rollback_nothing_is_read_back() -> None:
    seen = started()
    apply(batch("a", start=0), seen)
    with pytest.raises(ZeroDivisionError), apply_once(CONSUMER, batch("bc", start=1), seen):
        raise ZeroDivisionError
    assert apply(batch("abd", start=1), seen) == ["b", "d"]


def test_partitions_that_went_elsewhere_and_came_back_are_loaded_as_they_are_by_then() -> None:
    here, there = started(), started()
    apply(batch("a", start=0), here)
    apply(batch("b", start=1), there)
    assert apply(batch("bac", start=2), here) == ["c"]


def test_what_is_too_old_is_deleted() -> None:
    seen = started()
    for start in range(0, 500, 5):
        apply(batch([f"o-{start + n}" for n in range(5)], start=start), seen)
    assert RememberedChunk.objects.count() <= 5
    assert RememberedChunk.objects.order_by("begin")[0].begin >= 500 - 3 * WINDOW
    assert apply(batch(["o-490"], start=500), started()) == []


def test_small_batches_leave_few_rows() -> None:
    seen = started(window=10_000)
    for offset in range(600):
        apply(batch([f"o-{offset}"], start=offset), seen)
    assert RememberedChunk.objects.count() <= 10
    assert sum(len(row.pairs) for row in RememberedChunk.objects.all()) == 600 * 8 + RememberedChunk.objects.count() * 8
    assert apply(batch(["o-0", "new"], start=600), started(10_000)) == ["new"]


def test_it_costs_two_statements_for_each_batch_however_many_partitions() -> None:
    seen = started()

    def statements(start: int, seen: SeenEvents | None) -> int:
        both = [*batch("a", start=start).records, *batch("b", start=start, partition=P1).records]
        with CaptureQueriesContext(connection) as captured, apply_once(CONSUMER, Batch(both), seen):
            pass
        return len(captured)

    statements(0, seen)
    with_memory = max(statements(start, seen) for start in range(1, 40))
    assert with_memory <= statements(40, None) + 2


def test_a_deployment_without_a_saved_memory_reads_it_back_once() -> None:
    AppliedOffset.objects.create(consumer=CONSUMER, topic=P0[0], partition=0, next_offset=50)
    log = Log()
    assert apply(batch(["x-40", "x-39", "new"], start=50), started(read_back=log.read_back)) == ["x-39", "new"]
    assert log.asked == [(P0, 40, 50)]
    assert apply(batch(["x-45", "new", "newer"], start=53), started()) == ["newer"]


def test_what_an_older_version_saved_without_a_key_is_read_back_once_and_deleted() -> None:
    """As 43's version left it: the applied offsets, and chunks of hashes that nobody can compare with ours."""
    AppliedOffset.objects.create(consumer=CONSUMER, topic=P0[0], partition=0, next_offset=50)
    for partition in (0, 1):
        RememberedChunk.objects.create(
            consumer=CONSUMER, topic=P0[0], partition=partition, begin=30, end=50, pairs=bytes(20 * 16)
        )
    log = Log()
    assert apply(batch(["x-40", "x-39", "new"], start=50), started(read_back=log.read_back)) == ["x-39", "new"]
    assert log.asked == [(P0, 40, 50)]
    assert [row.partition for row in RememberedChunk.objects.filter(consumer=CONSUMER)] == [1]
    assert apply(batch(["x-45", "new", "newer"], start=53), started()) == ["newer"]


def test_an_older_version_beside_this_one_or_after_it_finds_nothing_that_is_not_its_own() -> None:
    apply(batch("ab", start=0), started())
    assert not RememberedChunk.objects.filter(consumer=CONSUMER).exists()


def test_hashes_by_a_key_that_was_lost_are_read_back_and_not_compared() -> None:
    apply(batch(["x-0", "x-1"], start=0), started())
    HashKey.objects.all().delete()
    log = Log()
    assert apply(batch(["x-1", "new"], start=2), started(read_back=log.read_back)) == ["new"]
    assert log.asked == [(P0, 0, 2)]
    assert len({row.consumer for row in RememberedChunk.objects.all()}) == 1


def test_all_processes_have_one_key_and_it_is_no_secret_of_the_settings(settings: Any) -> None:
    apply(batch("a", start=0), started())
    settings.SECRET_KEY = "another"
    assert apply(batch("ab", start=1), started()) == ["b"]
    assert len(bytes(HashKey.objects.get().key)) == HashKey.BYTES


def test_what_another_consumer_remembers_is_not_deleted_for_its_name() -> None:
    for name in ("totals-2", "total", "totals2 abc"):
        RememberedChunk.objects.create(consumer=name, topic=P0[0], partition=0, begin=0, end=1, pairs=b"")
    apply(batch("a", start=0), started())
    assert RememberedChunk.objects.exclude(consumer__startswith=f"{CONSUMER} ").count() == 3


def test_a_window_that_was_made_larger_reads_back_only_what_is_missing() -> None:
    AppliedOffset.objects.create(consumer=CONSUMER, topic=P0[0], partition=0, next_offset=50)
    apply(batch(["a"], start=50), started(read_back=Log().read_back))
    log = Log()
    assert apply(batch(["x-30", "x-45", "a", "new"], start=51), started(30, log.read_back)) == ["new"]
    assert log.asked == [(P0, 21, 40)]
    assert apply(batch(["x-26"], start=55), started(30)) == []


def test_a_log_that_keeps_less_is_read_back_only_once_too() -> None:
    AppliedOffset.objects.create(consumer=CONSUMER, topic=P0[0], partition=0, next_offset=50)
    apply(batch(["a"], start=50), started(read_back=lambda partition, begin, end: ()))
    assert apply(batch(["b"], start=51), started()) == ["b"]


def test_a_memory_that_does_not_end_where_the_results_do_is_read_back() -> None:
    apply(batch("ab", start=0), started())
    # A version that saves no memory was at work meanwhile.
    AppliedOffset.objects.update(next_offset=5)
    log = Log()
    assert apply(batch(["a", "x-3", "b"], start=5), started(read_back=log.read_back)) == ["a", "b"]
    assert log.asked == [(P0, 0, 5)]
    assert apply(batch(["a"], start=8), started()) == []


def test_who_is_counted_from_the_start_again_remembers_nothing() -> None:
    apply(batch("abc", start=0), started())
    AppliedOffset.objects.all().delete()
    assert apply(batch("ab", start=0), started()) == ["a", "b"]
    assert sum(len(row.pairs) for row in RememberedChunk.objects.all()) == 8 + 2 * 8


def test_what_was_buried_is_not_remembered_and_counts_when_it_is_redriven() -> None:
    handled = batch("abc", start=0)
    apply(Batch([handled.records[0], handled.records[2]]), started())
    assert apply(batch("bc", start=3), started()) == ["b"]


def test_consumers_have_memories_of_their_own() -> None:
    apply(batch("a", start=0), started())
    other = SeenEvents(WINDOW, forbidden, SavedChunks("points", lambda partition, end: None))
    with apply_once("points", batch("a", start=0), other) as fresh:
        assert [event.order_id for event in fresh.events] == ["a"]


def test_what_is_applied_is_held_against_the_log_at_a_start() -> None:
    def shorter(partition: Partition, end: int) -> None:
        raise LookupError(f"{partition} ends before {end}")

    apply(batch("abc", start=0), started())
    seen = SeenEvents(WINDOW, forbidden, SavedChunks(CONSUMER, shorter))
    with pytest.raises(LookupError, match="before 3"):
        apply(batch("d", start=3), seen)


def test_a_batch_larger_than_a_chunk_is_remembered_whole() -> None:
    size = PAIRS_IN_A_CHUNK + 10
    apply(batch(map(str, range(size)), start=0), started(2 * size))
    assert RememberedChunk.objects.count() == 2
    assert apply(batch(["0", str(size - 1), "new"], start=size), started(2 * size)) == ["new"]


@given(
    orders=st.lists(st.integers(0, 12), max_size=60),
    window=st.integers(1, 15),
    cuts=st.lists(st.integers(1, 7), min_size=60, max_size=60),
    disturbed=st.lists(st.sampled_from(["goes on", "starts", "fails"]), min_size=60, max_size=60),
    gaps=st.lists(st.integers(1, 4), min_size=60, max_size=60),
)
def test_whatever_happens_between_batches_the_verdicts_are_those_of_a_memory_of_everything(
    orders: list[int], window: int, cuts: list[int], disturbed: list[str], gaps: list[int]
) -> None:
    offsets = [sum(gaps[: place + 1]) for place in range(len(orders))]
    told = [batch([str(order)], start=offset).records[0] for order, offset in zip(orders, offsets, strict=True)]
    last: dict[str, int] = {}
    expected = []
    for record in told:
        name = record.event.order_id
        if name not in last or record.offset - last[name] > window:
            expected.append(name)
        last[name] = record.offset
    counted: list[str] = []
    with transaction.atomic():
        seen = started(window)
        while told:
            size, what = cuts.pop(), disturbed.pop()
            some, told = told[:size], told[size:]
            if what == "starts":
                seen = started(window)
            if what == "fails":
                with pytest.raises(ZeroDivisionError), apply_once(CONSUMER, Batch(some), seen):
                    raise ZeroDivisionError
            counted += apply(Batch(some), seen)
        assert counted == expected
        transaction.set_rollback(True)
