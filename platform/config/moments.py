"""How columns of moments are read: as UTC, which is what is written, by the driver itself.

Django has the driver make a moment without a zone, and then finds out, for each one, which zone it is in.
"""

from datetime import UTC, datetime


def read_utc(text: str) -> datetime | None:
    """The moment in a column; None for MySQL's 0000-00-00, which no strict server stores."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        return None
