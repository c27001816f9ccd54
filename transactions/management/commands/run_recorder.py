from collections.abc import Callable

import events
from streaming import topology
from streaming.consuming.column_reading import read_in_columns
from streaming.consuming.worker import InColumns
from streaming.consuming.worker_command import WorkerCommand
from streaming.records import Batch
from transactions import consumers


class Command(WorkerCommand):
    help = "Record every transaction of the topic in the table `transactions`."
    worker = topology.RECORDER
    sends_on = True

    def in_columns(self) -> InColumns:
        return read_in_columns

    def handler(self) -> Callable[[Batch[events.Transaction]], None]:
        return consumers.record
