import events
from fraud import services
from fraud.metrics import ALERTS_RAISED
from streaming.worker import Batch


def watch(batch: Batch[events.Transaction]) -> None:
    """An alert for every suspicious order; a second delivery, or the same order sent again, raises no second one."""
    for alert in services.raise_alerts(received=batch.events):
        ALERTS_RAISED.labels(alert.rule).inc()
