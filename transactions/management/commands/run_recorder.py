from collections.abc import Callable

import events
from streaming.commands import WorkerCommand
from streaming.topics import Topic
from streaming.worker import Batch
from transactions import consumers


class Command(WorkerCommand):
    help = "Record every transaction of the topic in the table `transactions`."
    group = "recorder"
    topics = (Topic.TRANSACTIONS,)
    sends_on = True

    def handler(self) -> Callable[[Batch[events.Transaction]], None]:
        return consumers.record
