"""Rows as CSV (RFC 4180), written as they come, that no spreadsheet takes for formulas."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from io import StringIO
from typing import Any

from rest_framework.renderers import BaseRenderer

from events.time import rfc_3339

BEGINS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""what spreadsheets calculate, also behind blanks of a line (OWASP, CSV injection)"""


class RowsAsCSV(BaseRenderer):
    """Chosen by `Accept: text/csv`; what it is asked for is streamed by Listing, which asks no renderer."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"


def cell(value: Any) -> str:
    """A value as it stands in a line; a text that a spreadsheet would calculate gets an apostrophe before it."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return rfc_3339(value)
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(BEGINS_FORMULA) else text


def lines(pages: Iterable[Sequence[Mapping[str, Any]]], columns: Sequence[str]) -> Iterator[bytes]:
    """A line of names, then one for each row, in a piece for each page."""
    names: list[Sequence[str]] = [columns]
    for page in pages:
        text = StringIO()
        writer = csv.writer(text)
        writer.writerows([*names, *([cell(row[name]) for name in columns] for row in page)])
        names = []
        yield text.getvalue().encode()
