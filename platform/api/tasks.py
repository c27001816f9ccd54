from celery import shared_task
from django.conf import settings
from django.utils import timezone

from api.models import IdempotencyKey


@shared_task
def forget_idempotency_keys() -> int:
    """Delete the keys that are older than settings.IDEMPOTENCY_KEYS_KEPT; returns how many."""
    deleted, _ = IdempotencyKey.objects.filter(created_at__lt=timezone.now() - settings.IDEMPOTENCY_KEYS_KEPT).delete()
    return deleted
