from collections.abc import Callable

from events import Transaction, TransactionCorrected
from fraud import consumers
from streaming import topology
from streaming.consuming.column_reading import read_in_columns
from streaming.consuming.worker import InColumns
from streaming.consuming.worker_command import LARGEST_BATCH, WorkerCommand
from streaming.records import Batch


class Command(WorkerCommand):
    help = "Watch every transaction of the topic, and raise an alert for each suspicious one."
    worker = topology.FRAUD
    batch_size = LARGEST_BATCH

    def in_columns(self) -> InColumns:
        return read_in_columns

    def handler(self) -> Callable[[Batch[Transaction | TransactionCorrected]], None]:
        return consumers.detect_fraud
