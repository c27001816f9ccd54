from celery import shared_task
from django.conf import settings
from django.utils import timezone

from streaming.carriers import OutboxCarriedBy
from streaming.producing.outbox_purge import purge


@shared_task
def purge_outbox() -> int:
    """Delete rows that Debezium has carried long ago; returns their number. run_relay deletes its own at once."""
    if settings.OUTBOX_CARRIED_BY != OutboxCarriedBy.CONNECT:
        return 0
    return purge(written_before=timezone.now() - settings.OUTBOX_KEPT)
