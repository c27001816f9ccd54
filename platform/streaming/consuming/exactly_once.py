"""Exactly once, from the database: results and the offsets they came from are saved in one transaction."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain

from django.db import connection, transaction

from database.hints import by_index
from streaming.consuming.deduplication import EventT, SeenEvents
from streaming.models import ONE_OFFSET, AppliedOffset
from streaming.partitioner import Partition
from streaming.records import Batch


@contextmanager
def apply_once(consumer: str, batch: Batch[EventT], seen: SeenEvents | None = None) -> Iterator[Batch[EventT]]:
    """Open a database transaction and give what of the batch has not been applied in it before.

    consumer: the name under which these results count as applied. seen: recognises events that were sent twice, beside
    those that Kafka delivers twice. What the body writes is committed together with the offsets and with what was seen,
    or not at all.
    """
    with transaction.atomic():
        applied = {(row.topic, row.partition): row for row in _locked(consumer, batch)}
        reaches = {partition: row.next_offset for partition, row in applied.items()}
        fresh = batch.beginning_at(reaches)
        yield seen.first_arrivals(fresh, reaches) if seen else fresh
        for partition, end in fresh.next_offsets.items():
            applied[partition].next_offset = end
        if seen:
            seen.save(fresh.next_offsets)
        AppliedOffset.objects.bulk_update([applied[partition] for partition in fresh.next_offsets], ["next_offset"])


def applied_by(consumer: str) -> dict[Partition, int]:
    """For each (topic, partition), the first offset that is not in the consumer's results yet.

    It applies nothing more to these partitions until the database transaction around this ends: what is read there of
    its results is exactly what came before these offsets.
    """
    return {(row.topic, row.partition): row.next_offset for row in _lock(consumer)}


def _locked(consumer: str, batch: Batch[EventT]) -> list[AppliedOffset]:
    """The rows of the batch's partitions, made where missing, locked until the transaction ends."""
    partitions = sorted(batch.next_offsets)
    ours = _lock(consumer, partitions)
    missing = set(partitions) - {(row.topic, row.partition) for row in ours}
    if not missing:
        return ours
    AppliedOffset.objects.bulk_create(
        AppliedOffset(consumer=consumer, topic=topic, partition=partition, next_offset=0)
        for topic, partition in sorted(missing)
    )
    # Read again: MySQL does not return the keys of the rows that it has made.
    return _lock(consumer, partitions)


def _lock(consumer: str, partitions: Sequence[Partition] = ()) -> list[AppliedOffset]:
    """A consumer's rows of these partitions, or of all, locked in the order of their index.

    No others: the consumer's other partitions are somebody else's at this moment.
    """
    table, number = AppliedOffset._meta.db_table, connection.ops.quote_name("partition")
    which = " OR ".join([f"topic = %s AND {number} = %s"] * len(partitions)) or "1 = 1"
    locking = connection.ops.for_update_sql() if connection.features.has_select_for_update else ""
    # Nothing but our own names stands in this statement; the values are parameters.
    return list(
        AppliedOffset.objects.raw(
            f"SELECT {by_index(AppliedOffset, ONE_OFFSET)} * FROM {table} "  # noqa: S608
            f"WHERE consumer = %s AND ({which}) {locking}",
            [consumer, *chain.from_iterable(partitions)],
        )
    )
