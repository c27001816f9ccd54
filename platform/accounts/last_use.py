"""When tokens were used last, written down in portions: no request waits for it, nor fails when the database is away.

A process of the API notes which tokens it has seen; a thread of it writes them down twice a minute, all at once:
see config/gunicorn.py.
"""

from datetime import timedelta
from threading import Lock

from django.db import Error
from django.db.models import Q
from django.utils import timezone

from accounts.models import TokenDetails
from database.portions import portions

EVERY_SECONDS = 30.0
AT_ONCE = 500
"""tokens in one statement"""
FINE_ENOUGH = timedelta(seconds=EVERY_SECONDS / 2)
"""What another process has written down so lately is not written once more."""

_used: set[int] = set()
_lock = Lock()


def note(details_id: int) -> None:
    """A token was used just now."""
    with _lock:
        _used.add(details_id)


def write_down() -> int:
    """Write down which tokens were used since the last time; returns how many. What fails is kept for the next time."""
    global _used  # noqa: PLW0603 - taken as a whole
    with _lock:
        taken, _used = _used, set()
    try:
        _write(sorted(taken))
    except Error:
        with _lock:
            _used |= taken
        raise
    return len(taken)


def _write(used: list[int]) -> None:
    now = timezone.now()
    older = Q(last_used_at=None) | Q(last_used_at__lt=now - FINE_ENOUGH)
    for some in portions(used, AT_ONCE):
        TokenDetails.objects.filter(older, pk__in=some).update(last_used_at=now)
