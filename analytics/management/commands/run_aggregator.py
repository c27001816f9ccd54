from collections.abc import Callable
from functools import partial
from typing import Any

from django.conf import settings

from analytics import consumers
from streaming import clients
from streaming.commands import WorkerCommand
from streaming.read_back import read_back
from streaming.seen import SeenEvents
from streaming.topics import Topic
from streaming.worker import Batch


class Command(WorkerCommand):
    help = "Sum what each user's transactions of each hour come to."
    group = consumers.GROUP
    topics = (Topic.TRANSACTIONS, Topic.TRANSACTIONS_STATUS)

    def handler(self) -> Callable[[Batch[Any]], None]:
        # The worker's own consumer stands where its group is; another one may read what lies before.
        log = clients.consumer(f"{self.group}-read-back")
        seen = SeenEvents(settings.SEEN_EVENTS_PER_PARTITION, read_back=partial(read_back, log, consumers.identity))
        return partial(consumers.add_up, seen=seen)
