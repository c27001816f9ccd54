from celery import shared_task
from django.conf import settings
from django.utils import timezone

from api.models import IdempotencyKey
from database.deleting import delete_in_portions


@shared_task
def forget_idempotency_keys() -> int:
    """Delete keys that are older than settings.IDEMPOTENCY_KEYS_KEPT; returns how many."""
    old = IdempotencyKey.objects.filter(created_at__lt=timezone.now() - settings.IDEMPOTENCY_KEYS_KEPT)
    return delete_in_portions(old.order_by("created_at"))
