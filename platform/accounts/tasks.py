from celery import shared_task
from django.contrib.sessions.models import Session
from django.utils import timezone
from knox.models import AuthToken

from database.deleting import delete_in_portions


@shared_task
def forget_expired_logins() -> int:
    """Delete sessions and tokens that have expired, which nobody can use any more; returns how many."""
    now = timezone.now()
    sessions = delete_in_portions(Session.objects.filter(expire_date__lt=now).order_by("expire_date"))
    # Its table has no index on the time, and few rows: a token lives 30 days.
    return sessions + delete_in_portions(AuthToken.objects.filter(expiry__lt=now).order_by("pk"))
