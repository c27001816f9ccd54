"""Values as the database takes them, in statements that no model writes."""

from datetime import datetime
from typing import Any

from django.db import connection


def as_parameter(value: Any) -> Any:
    """A moment as the database stores it; anything else as it is."""
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value


def stored(moment: datetime) -> str:
    """The same of a moment that is in UTC, in a quarter of the time."""
    return moment.replace(tzinfo=None).isoformat(" ")
