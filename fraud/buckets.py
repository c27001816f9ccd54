"""Into which bucket of the histogram of decisions a duration falls. Pure."""

from datetime import timedelta

MINUTE, HOUR, DAY = 60, 3600, 86400
RESOLVED_WITHIN = (5 * MINUTE, 15 * MINUTE, HOUR, 4 * HOUR, DAY, 3 * DAY, 7 * DAY)
"""Seconds, the histogram's buckets."""
LONGER = 0


def bucket_of(took: timedelta) -> int:
    """The seconds of the smallest bucket in which it lies, or LONGER."""
    return next((limit for limit in RESOLVED_WITHIN if took <= timedelta(seconds=limit)), LONGER)
