from collections.abc import Callable

from django.db import connection

import events
from streaming import topology
from streaming.consuming.worker_command import WorkerCommand
from streaming.records import Batch
from transactions import consumers


class Command(WorkerCommand):
    help = "Record every transaction of the topic in the table `transactions`."
    worker = topology.RECORDER
    takes_columns = True
    loads_rows = True
    batch_size = 1000 if connection.vendor == "sqlite" else 10_000
    sends_on = True

    def handler(self) -> Callable[[Batch[events.Transaction]], None]:
        return consumers.record
