from collections.abc import Callable

from django.db import connection

from notifications import consumers
from streaming import topology
from streaming.consuming.worker_command import WorkerCommand
from streaming.records import Batch
from streaming.topics import Event


class Command(WorkerCommand):
    help = "Notify users of their orders, and investigators of fraud alerts."
    worker = topology.NOTIFIER
    takes_columns = True
    loads_rows = True
    batch_size = 5000 if connection.vendor == "sqlite" else 10_000  # SQLite is kept from others for some 75 ms

    def handler(self) -> Callable[[Batch[Event]], None]:
        return consumers.notify
