"""How columns of moments are read: as UTC, which is what is written. Django looks for other zones each time."""

from datetime import UTC, datetime
from typing import Any

from django.utils.dateparse import parse_datetime


class ReadsUTC:
    """For a backend's DatabaseOperations."""

    def convert_datetimefield_value(self, value: Any, expression: Any, connection: Any) -> datetime | None:
        # SQLite gives text where it knows no column's type, as of the least of many.
        moment = parse_datetime(value) if isinstance(value, str) else value
        return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)
