"""The memory of deduplication in the database, beside the offsets that it reaches to."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import reduce
from operator import or_

from django.db.models import Q

from streaming.consuming.deduplication import Changes
from streaming.consuming.remembered import Chunk
from streaming.models import RememberedChunk
from streaming.partitioner import Partition

ROWS_PER_STATEMENT = 100
"""13 MB at the most: MySQL takes 64 at once"""

Check = Callable[[Partition, int], None]
"""(partition, end) → raises if the partition ends before `end`"""


class SavedChunks:
    """Loads and saves within whatever database transaction is open, so that it agrees with the results beside it."""

    def __init__(self, consumer: str, check: Check) -> None:
        """consumer: the name under which the results count as applied."""
        self._consumer = consumer
        self._check = check

    def load(self, partition: Partition, end: int) -> Sequence[Chunk]:
        if end:
            self._check(partition, end)
        topic, number = partition
        rows = RememberedChunk.objects.filter(consumer=self._consumer, topic=topic, partition=number).order_by("begin")
        return [Chunk.unpacked(row.begin, row.end, bytes(row.pairs)) for row in rows]

    def save(self, changes: Mapping[Partition, Changes]) -> None:
        """In two statements, however many partitions there are."""
        gone = [
            Q(topic=topic, partition=number, begin__in=each.gone)
            for (topic, number), each in changes.items()
            if each.gone
        ]
        if gone:
            RememberedChunk.objects.filter(reduce(or_, gone), consumer=self._consumer).delete()
        RememberedChunk.objects.bulk_create(self._rows(changes), ROWS_PER_STATEMENT)

    def _rows(self, changes: Mapping[Partition, Changes]) -> Iterator[RememberedChunk]:
        for (topic, number), each in sorted(changes.items()):
            for chunk in each.new:
                yield RememberedChunk(
                    consumer=self._consumer,
                    topic=topic,
                    partition=number,
                    begin=chunk.begin,
                    end=chunk.end,
                    pairs=chunk.packed(),
                )
