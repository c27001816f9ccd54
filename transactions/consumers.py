import events
from streaming.worker import Batch
from transactions import services


def record(batch: Batch[events.Transaction]) -> None:
    """Every transaction of the topic into the table; a second delivery changes nothing."""
    services.record(received=batch.events)
