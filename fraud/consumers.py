from operator import attrgetter

from events import Transaction, TransactionCorrected
from fraud import services
from fraud.metrics import ALERTS_RAISED
from streaming.consuming.refusing import refusing
from streaming.records import Batch
from transactions.selectors import implausible


@refusing(implausible)
def detect_fraud(batch: Batch[Transaction | TransactionCorrected]) -> None:
    """An alert for every suspicious order; a second delivery, or the same order sent again, raises no second one.

    Raises InvalidRecords for corrections that the platform has not published itself.
    """
    told = [*batch.records, *(services.suspects(batch.orders) if batch.orders else ())]
    # Of two tellings of one order the first raises the alert, whichever of them came in columns.
    events = [record.event for record in sorted(told, key=attrgetter("offset"))]
    raised = services.raise_alerts(received=[event for event in events if isinstance(event, Transaction)])
    if corrected := {event.order_id for event in events if isinstance(event, TransactionCorrected)}:
        raised += services.realign(order_ids=corrected)
    for alert in raised:
        ALERTS_RAISED.labels(alert.rule).inc()
