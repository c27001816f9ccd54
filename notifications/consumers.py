from collections.abc import Iterable, Iterator

from events import Transaction, TransactionCorrected
from notifications import services
from notifications.messages import message_about, message_reversing
from streaming.consuming.refusing import refusing
from streaming.records import Batch
from streaming.topics import Event
from transactions.selectors import implausible, known
from transactions.tellings import agrees


@refusing(implausible)
def notify(batch: Batch[Event]) -> None:
    """Notify whom it concerns of every event; a second delivery brings no second notification.

    Raises InvalidRecords for changes and corrections that the platform has not published itself.
    """
    services.notify(messages=filter(None, map(message_about, _noteworthy(batch.events))))
    services.reverse(sent=filter(None, map(message_reversing, _corrections(batch.events))))


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
