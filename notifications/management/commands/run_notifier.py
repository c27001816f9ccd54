from collections.abc import Callable

from notifications import consumers
from streaming.commands import WorkerCommand
from streaming.topics import Event, Topic
from streaming.worker import Batch


class Command(WorkerCommand):
    help = "Tell users about their orders, and investigators about fraud alerts."
    group = "notifier"
    topics = (
        Topic.TRANSACTIONS,
        Topic.TRANSACTIONS_STATUS,
        Topic.TRANSACTIONS_CORRECTIONS,
        Topic.FRAUD_ALERTS,
    )

    def handler(self) -> Callable[[Batch[Event]], None]:
        return consumers.notify
