from search import services
from search.index import SearchIndex
from streaming.debezium import RowChange
from streaming.messages import InvalidRecords
from streaming.records import Batch


def index(batch: Batch[RowChange]) -> None:
    """Every change of a row into the search index; a second delivery changes nothing."""
    refused = services.index_changes(index=SearchIndex.configured(), changes=batch.events)
    if refused:
        raise InvalidRecords([(batch.records[place], reason) for place, reason in sorted(refused.items())])
