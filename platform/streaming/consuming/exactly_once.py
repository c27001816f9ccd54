"""Exactly once, from the database: results and the offsets they came from are saved in one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import reduce
from operator import or_

from django.db import transaction
from django.db.models import Q

from streaming.consuming.deduplication import EventT, SeenEvents
from streaming.models import AppliedOffset
from streaming.partitioner import Partition
from streaming.records import Batch


@contextmanager
def apply_once(consumer: str, batch: Batch[EventT], seen: SeenEvents | None = None) -> Iterator[list[EventT]]:
    """Open a database transaction and give the events of the batch that have not been applied in it before.

    consumer: the name under which these results count as applied. seen: recognises events that were sent twice, beside
    those that Kafka delivers twice. What the body writes is committed together with the offsets and with what was seen,
    or not at all.
    """
    with transaction.atomic():
        applied = {(row.topic, row.partition): row for row in _locked(consumer, batch)}
        fresh = Batch(
            [r for r in batch.records if r.offset >= applied[r.topic, r.partition].next_offset],
        )
        reaches = {partition: row.next_offset for partition, row in applied.items()}
        yield (seen.first_arrivals(fresh, reaches) if seen else fresh).events
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
    rows = AppliedOffset.objects.select_for_update().filter(consumer=consumer).order_by("pk")
    return {(row.topic, row.partition): row.next_offset for row in rows}


def _locked(consumer: str, batch: Batch[EventT]) -> list[AppliedOffset]:
    """The rows of the batch's partitions, made where missing, locked until the transaction ends."""
    partitions = set(batch.next_offsets)
    # These rows only: the consumer's other partitions are somebody else's at this moment.
    which = reduce(or_, (Q(topic=topic, partition=number) for topic, number in partitions), Q())
    ours = AppliedOffset.objects.select_for_update().filter(which, consumer=consumer).order_by("pk")
    missing = partitions - {(row.topic, row.partition) for row in ours}
    if not missing:
        return list(ours)
    AppliedOffset.objects.bulk_create(
        AppliedOffset(consumer=consumer, topic=topic, partition=partition, next_offset=0)
        for topic, partition in sorted(missing)
    )
    # Read again: MySQL does not return the keys of the rows that it has made.
    return list(ours.all())
