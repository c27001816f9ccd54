from collections.abc import Callable
from typing import Any

from django.conf import settings

from search import consumers
from streaming import cdc
from streaming.cdc import RowChange
from streaming.commands import WorkerCommand
from streaming.topics import Topic
from streaming.worker import Batch, Record


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
        return cdc.decode(message, key="order_id")

    def concerns_us(self, message: Any) -> bool:
        # A tombstone follows a deletion, for the log's own housekeeping, and tells no place in the binlog.
        return message.value() is not None and super().concerns_us(message)
