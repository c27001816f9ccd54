from collections.abc import Callable

from events import Transaction, TransactionCorrected
from fraud import consumers
from streaming.commands import WorkerCommand
from streaming.topics import Topic
from streaming.worker import Batch


class Command(WorkerCommand):
    help = "Watch every transaction of the topic, and raise an alert for each suspicious one."
    group = "fraud"
    topics = (Topic.TRANSACTIONS, Topic.TRANSACTIONS_CORRECTIONS)

    def handler(self) -> Callable[[Batch[Transaction | TransactionCorrected]], None]:
        return consumers.watch
