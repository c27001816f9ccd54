"""Rows as CSV (RFC 4180), written as they come, that no spreadsheet takes for formulas."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from io import StringIO
from itertools import chain
from typing import Any

from django.http import StreamingHttpResponse
from rest_framework.renderers import BaseRenderer

from api.exports import Export
from events.time import rfc_3339

Row = Mapping[str, Any]

FORMULA = re.compile(r"[\t\r\n]|[\s\x00-\x1f\u200b-\u200f\u2060\ufeff]*[=+\-@＝＋－＠]")
"""What spreadsheets calculate, also behind blanks and marks that nobody sees (OWASP, CSV injection)."""


class RowsAsCSV(BaseRenderer):
    """Chosen by `Accept: text/csv`; what it is asked for is streamed by answer(), which asks no renderer."""

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
    return f"'{text}" if isinstance(value, str) and FORMULA.match(text) else text


def answer(
    name: str, columns: Sequence[str], pages: Iterator[tuple[Sequence[Row], bool]], *, is_head: bool = False
) -> StreamingHttpResponse:
    """A file of this name with every page, written as they are read; each comes with whether another one follows.

    is_head: the first is enough. What is refused is refused before anything is sent; so is a second page while another
    long answer is being written (503).
    """
    first, has_more = next(pages)
    is_long = has_more and not is_head
    pieces = lines(chain([first], (page for page, _ in pages) if is_long else ()), columns)
    written = StreamingHttpResponse(
        Export(pieces) if is_long else pieces,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )
    vars(written)["rows"] = None if is_long else len(first)  # for the audit log: nobody knows how long a long one is
    return written


def lines(pages: Iterable[Sequence[Row]], columns: Sequence[str]) -> Iterator[bytes]:
    """A line of names, then one for each row, in a piece for each page."""
    names: list[Sequence[str]] = [columns]
    for page in pages:
        text = StringIO()
        writer = csv.writer(text)
        writer.writerows([*names, *([cell(row[name]) for name in columns] for row in page)])
        names = []
        yield text.getvalue().encode()
