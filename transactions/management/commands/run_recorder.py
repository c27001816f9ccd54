from collections.abc import Callable

import events
from streaming import topology
from streaming.consuming.worker_command import WorkerCommand
from streaming.records import Batch
from transactions import consumers


class Command(WorkerCommand):
    help = "Record every transaction of the topic in the table `transactions`."
    worker = topology.RECORDER
    takes_columns = True
    sends_on = True

    def handler(self) -> Callable[[Batch[events.Transaction]], None]:
        return consumers.record
