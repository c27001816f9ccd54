from collections.abc import Callable
from functools import partial
from typing import Any

from django.conf import settings

from analytics import consumers
from streaming.applied_log import AppliedLog
from streaming.commands import WorkerCommand
from streaming.seen import SeenEvents
from streaming.topics import Topic
from streaming.worker import Batch


class Command(WorkerCommand):
    help = "Sum what each user's transactions of each hour come to."
    group = "aggregator"
    topics = (Topic.TRANSACTIONS, Topic.TRANSACTIONS_STATUS, Topic.TRANSACTIONS_CORRECTIONS)

    def handler(self) -> Callable[[Batch[Any]], None]:
        seen = SeenEvents(settings.SEEN_EVENTS_PER_PARTITION, AppliedLog(self.group).read_back)
        return partial(consumers.add_up, seen=seen)
