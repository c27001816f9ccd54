from collections.abc import Callable

from notifications import consumers
from streaming.consuming.worker_command import WorkerCommand
from streaming.messages import Batch
from streaming.topics import Event, Topic


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
