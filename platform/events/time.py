"""Moments as the wire carries them: in UTC, to the millisecond, counted from 1970 or written as in RFC 3339. Pure."""

import re
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
MICROSECOND = timedelta(microseconds=1)
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE)


class NotRFC3339(ValueError):
    """The text has another form."""


class NoSuchMoment(ValueError):
    """The text has the form, and the calendar or the clock lacks what it says."""


def from_rfc_3339(text: str) -> datetime:
    """The moment, in UTC and whole microseconds; raises NotRFC3339 or NoSuchMoment."""
    if not RFC_3339.fullmatch(text):
        raise NotRFC3339(f"{text!r} is not written like 2025-01-31T23:59:59.5Z")
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise NoSuchMoment("There is no such date and time.") from error


def whole_millis(moment: datetime) -> datetime:
    """The moment in UTC without what the wire does not carry, so that a table and a topic say the same."""
    return moment.astimezone(UTC).replace(microsecond=moment.microsecond // 1000 * 1000)


def in_millis(moment: datetime) -> int:
    """Whole milliseconds since 1970, exactly: a float of seconds would be off by one now and then."""
    return (moment - EPOCH) // MILLISECOND


def in_micros(moment: datetime) -> int:
    """Whole microseconds since 1970, exactly."""
    return (moment - EPOCH) // MICROSECOND


def from_micros(micros: int) -> datetime:
    """The moment so many microseconds after 1970; raises OverflowError beyond the calendar."""
    return EPOCH + micros * MICROSECOND


def from_millis(millis: int) -> datetime:
    """The moment so many milliseconds after 1970; raises OverflowError beyond the calendar."""
    return EPOCH + millis * MILLISECOND


def rfc_3339(moment: datetime) -> str:
    """A moment (UTC) as every answer of the API writes it."""
    return moment.isoformat().removesuffix("+00:00") + "Z"
