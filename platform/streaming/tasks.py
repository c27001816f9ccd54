from celery import shared_task
from django.conf import settings
from django.utils import timezone

from streaming.carriers import OutboxCarriedBy
from streaming.models import OutboxMessage


@shared_task
def purge_outbox() -> int:
    """Delete the rows that Debezium has carried long ago; returns their number. run_relay deletes its own at once."""
    if settings.OUTBOX_CARRIED_BY != OutboxCarriedBy.CONNECT:
        return 0
    deleted, _ = OutboxMessage.objects.filter(created_at__lt=timezone.now() - settings.OUTBOX_KEPT).delete()
    return deleted
