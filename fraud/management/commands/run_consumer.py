from collections.abc import Callable

from events import Transaction, TransactionCorrected
from fraud import consumers
from streaming import topology
from streaming.consuming.worker_command import LARGEST_BATCH, WorkerCommand
from streaming.records import Batch


class Command(WorkerCommand):
    help = "Watch every transaction of the topic, and raise an alert for each suspicious one."
    worker = topology.FRAUD
    takes_columns = True
    batch_size = LARGEST_BATCH

    def handler(self) -> Callable[[Batch[Transaction | TransactionCorrected]], None]:
        return consumers.detect_fraud
