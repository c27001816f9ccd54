from collections.abc import Callable
from typing import Any

from search import consumers
from streaming import debezium, topology
from streaming.consuming.worker_command import WorkerCommand
from streaming.debezium import RowChange
from streaming.records import Batch, Record


class Command(WorkerCommand):
    help = "Carry changes of the table `transactions` into the search index; for where no Elasticsearch sink does."
    worker = topology.INDEXER
    keyed_by_user = False

    def handler(self) -> Callable[[Batch[RowChange]], None]:
        return consumers.index

    def decode(self, message: Any) -> Record[RowChange]:
        return debezium.decode(message, key="order_id")

    def concerns_us(self, message: Any) -> bool:
        # A tombstone follows a deletion, for the log's own housekeeping, and names no place in the binlog.
        return message.value() is not None and super().concerns_us(message)
