"""What investigators wrote about a user's alerts. What they decided, and when, stays."""

from database.erasing import Erasure
from fraud.models import AlertEntry


def erasures(user_id: int) -> list[Erasure]:
    # What the platform itself notes names no one.
    notes = AlertEntry.objects.filter(alert__user_id=user_id, by__isnull=False).exclude(note="")
    return [Erasure("notes on fraud alerts", notes.all, {"note": ""})]
