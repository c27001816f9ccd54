import events
from fraud import services
from streaming.worker import Batch


def watch(batch: Batch[events.Transaction]) -> None:
    """An alert for every suspicious order; a second delivery, or the same order sent again, raises no second one."""
    services.raise_alerts(received=batch.events)
