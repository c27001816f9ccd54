"""Text files of rows, as spreadsheets, databases and exports write them, whatever the rows mean. Pure but for reading.

How a file is written is found out (docs/decisions/0027): its encoding, its separator, whether it is compressed.
"""

import codecs
import csv
import gzip
import io
import re
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
ENCODINGS = {"utf-8-sig": "UTF-8", "utf-16": "UTF-16", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16", "utf-32": "UTF-32"}
ENCODINGS |= {"cp1252": "Windows-1252 (Latin-1)"}
# UTF-32's mark begins with one of UTF-16's.
BYTE_ORDER_MARKS = [
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
]
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
PACKED = b"\x1f\x8b"
CHUNK = 1 << 20
CONTROLS = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f]")
TWO_BYTES_OF_UTF8 = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}")
NAMED_SEPARATOR = re.compile(r"\ufeff?\"?sep=([,;\t|])\"?", re.IGNORECASE)


class Unreadable(ValueError):
    """A file that is no table; says why, and what to do."""


class Row(NamedTuple):
    number: int
    """from 1 on: neither the header nor empty lines count"""
    line: int
    """the line of the file in which it ends"""
    cells: list[str]


@dataclass(frozen=True)
class Sheet:
    """A file of rows whose form is known."""

    file: Path
    encoding: str
    separator: str
    header: list[str]

    def rows(self) -> Iterator[Row]:
        """Every row that is not empty, read anew; raises Unreadable."""
        with _text(self.file, self.encoding) as lines:
            reader = csv.reader(lines, delimiter=self.separator, skipinitialspace=True, strict=True)
            # An empty line says less than one of empty cells, which spreadsheets leave behind; neither is a row.
            filled = filter(any, reader)
            try:
                if _names_separator(next(filled, [])):
                    next(filled, None)
                for number, cells in enumerate(filled, start=1):
                    yield Row(number, reader.line_num, cells)
            except csv.Error as error:
                raise Unreadable(f"line {reader.line_num} cannot be read ({error}): do its quotes match?") from error

    @property
    def form(self) -> str:
        return f"{ENCODINGS[self.encoding]}, separated by {SEPARATORS[self.separator]}"


def open_sheet(file: Path, wanted: Collection[str]) -> Sheet:
    """Find out how a file is written.

    wanted: names of columns, as `plain` gives them. The separator is the one under which the header names most of
    them: unlike statistics, that cannot be led astray by decimal commas. Raises Unreadable, and OSError.
    """
    if not file.is_file():
        raise Unreadable("is no file." if file.exists() else "No such file.")
    encoding = _encoding(file)
    with _text(file, encoding) as lines:
        named = NAMED_SEPARATOR.fullmatch(first.strip("\r\n")) if (first := _first_line(lines)) else None
        header = _first_line(lines) if named else first
    headers = {mark: _cells(header, mark) for mark in ([named[1]] if named else SEPARATORS)}
    separator = max(headers, key=lambda mark: (len(set(wanted) & set(map(plain, headers[mark]))), len(headers[mark])))
    return Sheet(file, encoding, separator, headers[separator])


def plain(name: str) -> str:
    """A column's name without what people write differently: Customer ID, customer_id and CustomerID are one."""
    return re.sub(r"[\s_-]+", "", name).casefold()


def _first_line(lines: io.TextIOBase) -> str:
    """The next line that is not empty, the header; a quoted name that goes on in the next line is no name."""
    return next((str(line) for line in lines if str(line).strip()), "")


def _cells(line: str, separator: str) -> list[str]:
    return [cell.strip() for cell in next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])]


def _names_separator(cells: list[str]) -> bool:
    """Whether this is Excel's first line `sep=;`, which the separator itself may have cut in two."""
    return NAMED_SEPARATOR.fullmatch(",".join(cells)) is not None or [cells[:1], any(cells[1:])] == [["sep="], False]


def _encoding(file: Path) -> str:
    with _bytes(file) as content:
        start = content.read(4096)
    if start.startswith(WORKBOOKS):
        raise Unreadable("is a workbook: open it, choose Save As, and the format CSV UTF-8.")
    for mark, encoding in BYTE_ORDER_MARKS:
        if start.startswith(mark):
            return _refuse_unless_text(file, encoding)
    for encoding, high_bytes in (("utf-16-le", start[1::2]), ("utf-16-be", start[::2])):
        if high_bytes.count(0) > len(high_bytes) / 2:
            return _refuse_unless_text(file, encoding)
    return "utf-8-sig" if _is_text(file, "utf-8-sig") else _refuse_unless_text(file, "cp1252")


def _refuse_unless_text(file: Path, encoding: str) -> str:
    if not _is_text(file, encoding):
        raise Unreadable("is no text in UTF-8, UTF-16 or Windows-1252, or in more than one of them: save it as UTF-8.")
    return encoding


def _is_text(file: Path, encoding: str) -> bool:
    """Whether the whole file can be read so. Nearly all bytes are letters of Windows-1252, also those of damaged UTF-8.

    Characters that no text has mark other kinds of files.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    with _bytes(file) as content:
        try:
            while chunk := content.read(CHUNK):
                if CONTROLS.search(decoder.decode(chunk)) or (encoding == "cp1252" and TWO_BYTES_OF_UTF8.search(chunk)):
                    return False
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


@contextmanager
def _bytes(file: Path) -> Iterator[BinaryIO]:
    """What a file holds, unpacked; raises Unreadable if it cannot be."""
    with file.open("rb") as packed:
        is_packed = packed.read(2) == PACKED
        packed.seek(0)
        try:
            yield io.BufferedReader(gzip.GzipFile(fileobj=packed)) if is_packed else packed  # type: ignore[arg-type]
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise Unreadable(f"is cut short or damaged ({error}): fetch it again.") from error


@contextmanager
def _text(file: Path, encoding: str) -> Iterator[io.TextIOWrapper]:
    with _bytes(file) as content:
        # newline="": a line that ends within quotes belongs to its cell.
        yield io.TextIOWrapper(content, encoding=encoding, newline="")
