"""The memory of deduplication in the database, beside the offsets that it reaches to."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import structlog
from django.db import connection
from django.db.models import Q, QuerySet

from database.binary import written_out
from database.hints import by_index
from database.inserting import insertion
from database.portions import portions
from streaming.consuming.deduplication import Changes
from streaming.consuming.hash_keys import identity_hashes
from streaming.consuming.remembered import LAYOUT, Chunk
from streaming.models import ONE_CHUNK, RememberedChunk
from streaming.partitioner import Partition

log = structlog.get_logger(__name__)

ROWS_PER_STATEMENT = 100
"""26 MB at the most, written out: MySQL takes 64 at once"""
COLUMNS = ("consumer", "topic", "partition", "begin", "end", "pairs")

Check = Callable[[Partition, int], None]
"""(partition, end) → raises if the partition ends before `end`"""


class SavedChunks:
    """Loads and saves within whatever database transaction is open, so that it agrees with the results beside it."""

    def __init__(self, consumer: str, check: Check) -> None:
        """consumer: the name under which the results count as applied.

        The chunks stand under that name, the hash's and the layout's. Whoever hashes or lays out otherwise, such as an
        older version that runs beside this one, finds none of these, and reads back what it lacks.
        """
        self.hashes = identity_hashes()
        self._results = consumer
        self._consumer = f"{consumer} {self.hashes.name} {LAYOUT}"
        self._check = check

    def load(self, partition: Partition, end: int) -> Sequence[Chunk]:
        if end:
            self._check(partition, end)
        topic, number = partition
        chunks = RememberedChunk.objects.filter(topic=topic, partition=number)
        rows = list(chunks.filter(consumer=self._consumer).order_by("begin"))
        if not rows:
            self._forget_others(chunks)
        return [Chunk.unpacked(row.begin, row.end, bytes(row.pairs)) for row in rows]

    def _forget_others(self, chunks: QuerySet[RememberedChunk]) -> None:
        """Delete what is saved by another key or in another layout: nobody can compare that with anything any more."""
        others = chunks.filter(Q(consumer=self._results) | Q(consumer__startswith=f"{self._results} "))
        if found := list(others.values_list("pk", flat=True)):
            log.warning(
                "what was saved of a partition's events is by another key, or laid out otherwise; it is read back",
                chunks=len(found),
            )
            RememberedChunk.objects.filter(pk__in=found).delete()

    def save(self, changes: Mapping[Partition, Changes]) -> None:
        """In two statements, however many partitions there are."""
        gone = {partition: each.gone for partition, each in changes.items() if each.gone}
        if gone:
            self._delete(gone)
        with connection.cursor() as cursor:
            for some in portions(list(self._rows(changes)), ROWS_PER_STATEMENT):
                statement = insertion(RememberedChunk._meta.db_table, COLUMNS, len(some))
                cursor.execute(*written_out(statement, list(chain.from_iterable(some))))

    def _delete(self, gone: Mapping[Partition, Collection[int]]) -> None:
        """Delete the chunks that begin there, and touch no others: those are another process' at this moment."""
        quoted = connection.ops.quote_name
        each = f"topic = %s AND {quoted('partition')} = %s AND {quoted('begin')} IN ({{}})"
        which = " OR ".join(each.format(", ".join(["%s"] * len(begins))) for begins in gone.values())
        values: list[Any] = [value for (topic, number), begins in gone.items() for value in (topic, number, *begins)]
        table = RememberedChunk._meta.db_table
        with connection.cursor() as cursor:
            # Nothing but our own names stands in this statement; the values are parameters.
            cursor.execute(
                f"DELETE {by_index(RememberedChunk, ONE_CHUNK)} FROM {table} WHERE consumer = %s AND ({which})",
                [self._consumer, *values],
            )

    def _rows(self, changes: Mapping[Partition, Changes]) -> Iterator[tuple[Any, ...]]:
        """In the order of COLUMNS."""
        for (topic, number), each in sorted(changes.items()):
            for chunk in each.new:
                yield self._consumer, topic, number, chunk.begin, chunk.end, chunk.packed()
