from collections.abc import Callable
from typing import Any

from django.conf import settings

from search import consumers
from streaming import debezium
from streaming.consuming.worker_command import WorkerCommand
from streaming.debezium import RowChange
from streaming.messages import Batch, Record
from streaming.topics import Topic


class Command(WorkerCommand):
    help = "Carry changes of the table `transactions` into the search index; for where no Elasticsearch sink does."
    group = "indexer"
    topics = (Topic.MYSQL_TRANSACTIONS,)
    keyed_by_user = False

    def handler(self) -> Callable[[Batch[RowChange]], None]:
        return consumers.index

    def is_wanted(self) -> bool:
        return bool(settings.INDEXED_BY == "run_indexer")

    def decode(self, message: Any) -> Record[RowChange]:
        return debezium.decode(message, key="order_id")

    def concerns_us(self, message: Any) -> bool:
        # A tombstone follows a deletion, for the log's own housekeeping, and tells no place in the binlog.
        return message.value() is not None and super().concerns_us(message)
