from notifications import services
from notifications.messages import message_about
from streaming.topics import Event
from streaming.worker import Batch


def notify(batch: Batch[Event]) -> None:
    """Tell whom it concerns about every event; a second delivery tells nothing new."""
    services.notify(messages=filter(None, map(message_about, batch.events)))
