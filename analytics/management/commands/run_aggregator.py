from collections.abc import Callable
from functools import partial
from typing import Any

from django.conf import settings

from analytics import consumers
from streaming import topology
from streaming.consuming.dedup_backfill import AppliedLog
from streaming.consuming.deduplication import SeenEvents
from streaming.consuming.saved_chunks import SavedChunks
from streaming.consuming.worker_command import LARGEST_BATCH, WorkerCommand
from streaming.records import Batch


class Command(WorkerCommand):
    help = "Sum what each user's transactions of each hour come to."
    worker = topology.AGGREGATOR
    takes_columns = True
    batch_size = LARGEST_BATCH

    def handler(self) -> Callable[[Batch[Any]], None]:
        log = AppliedLog(self.group)
        saved = SavedChunks(consumers.APPLIED_AS, log.check)
        seen = SeenEvents(settings.SEEN_EVENTS_PER_PARTITION, log.read_back, saved)
        return partial(consumers.add_up, seen=seen)
