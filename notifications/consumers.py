from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from events import Transaction, TransactionCorrected
from notifications import services
from notifications.messages import message_about, message_reversing
from streaming.consuming.refusing import refusing
from streaming.records import Batch, set_apart
from streaming.topics import Event
from transactions.selectors import entries_of, implausible, known
from transactions.tellings import agrees

if TYPE_CHECKING:
    from streaming.columns import Orders


@refusing(implausible)
def notify(batch: Batch[Event]) -> None:
    """Notify whom it concerns of every event; a second delivery brings no second notification.

    Raises InvalidRecords for changes and corrections that the platform has not published itself.
    """
    batch = _doubtful_row_by_row(batch)
    services.notify(messages=filter(None, map(message_about, _noteworthy(batch.events))), orders=batch.orders)
    services.reverse(sent=filter(None, map(message_reversing, _corrections(batch.events))))


def _doubtful_row_by_row(batch: Batch[Event]) -> Batch[Event]:
    """The batch, with no orders in columns but such as are told of for the first time, or as they were recorded."""
    if batch.orders is None:
        return batch
    return Batch(*set_apart(batch.records, batch.orders, _recorded_otherwise(batch.orders)))


def _recorded_otherwise(orders: "Orders") -> set[str]:
    """The ids of those that are recorded, and perhaps not as they are told."""
    order_ids = orders.order_ids()
    recorded = {order_id: entry for order_id, *entry in entries_of(order_ids)}
    if not recorded:
        return set()
    columns = (orders.user_id, orders.cents, orders.status, orders.millis)
    told = zip(order_ids, *(column.tolist() for column in columns), strict=True)
    return {order_id for order_id, *entry in told if recorded.get(order_id, entry) != entry}


def _corrections(events: Iterable[Event]) -> list[TransactionCorrected]:
    return [event for event in events if isinstance(event, TransactionCorrected)]


def _noteworthy(events: list[Event]) -> Iterator[Event]:
    """All but orders that came before: what follows of those, the table publishes as changes of status and corrections.

    Of what is not recorded yet its customer is notified as it comes first, and of a correction later if need be.
    """
    recorded = known({event.order_id for event in events if isinstance(event, Transaction)})
    first: set[str] = set()
    for event in events:
        if not isinstance(event, Transaction):
            yield event
        elif record := recorded.get(event.order_id):
            if agrees(event, record) and record.entered_as in (None, event.status):
                yield event
        elif event.identity not in first:
            # Of each user's: whichever the record will be, its customer has been notified.
            first.add(event.identity)
            yield event
