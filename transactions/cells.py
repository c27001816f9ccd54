"""What a cell of a foreign table says: amounts, moments, customers. What can be read in two ways is refused. Pure."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256

from events.plausibility import MAX_USER_ID

POINT, COMMA = ".", ","
SIMPLE = re.compile(r"-?[0-9]+(?:\.[0-9]{1,2})?")
NUMERALS = {
    mark: re.compile(
        rf"(?P<sign>[+-]?)(?P<whole>[0-9]+|[1-9][0-9]{{0,2}}(?P<between>[{between} \u00a0\u202f'’])[0-9]{{3}}"
        rf"(?:(?P=between)[0-9]{{3}})*)(?:{re.escape(mark)}(?P<parts>[0-9]+))?"
    )
    for mark, between in ((POINT, COMMA), (COMMA, POINT))
}
ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ].*)?|[0-9]{8}(T.*)?")
SINCE = re.compile(r"(milliseconds|seconds|minutes|hours|days) since (.+)")
LETTERS_AND_NUMBER = re.compile(r"([A-Za-z]*)[-_]?([0-9]{1,18})")
MOST_DIGITS = 18
"""A number of as many still has 64 bits."""
DIFFERENT_DATES_REMEMBERED = 10_000
"""Files repeat their dates, and reading one takes longer than all else in a row."""


class Wrong(ValueError):
    """A cell that does not say what its column should; the message says what is wanted."""


Moments = Callable[[str], datetime]
Customers = Callable[[str], int]


def numeral(text: str, mark: str | None = None) -> str:
    """A number as Python reads it, such as -1234.50, from 1,234.50 or 1 234,50 and the like.

    mark: the decimal mark; None: whichever leaves only one way to read it. Raises Wrong.
    """
    if mark != COMMA and SIMPLE.fullmatch(text):
        return text
    bare = text.strip().replace("\N{MINUS SIGN}", "-")
    readings = {_digits(found) for each in ([mark] if mark else NUMERALS) if (found := NUMERALS[each].fullmatch(bare))}
    if not readings:
        raise Wrong(f"{text!r} is no number like 1234.50")
    if len(readings) > 1:
        raise Wrong(f"{text!r} can be read as {' and as '.join(sorted(readings))}: say --decimal point or comma")
    return readings.pop()


def _digits(found: re.Match[str]) -> str:
    parts = f".{found['parts']}" if found["parts"] else ""
    return found["sign"].replace("+", "") + re.sub("[^0-9]", "", found["whole"]) + parts


def iso(text: str) -> datetime:
    """A moment in UTC from ISO 8601; one without a zone is in UTC, a day is its midnight. Raises Wrong."""
    bare = re.sub(r"\s+(?=[+-][0-9]{2}:?[0-9]*$)", "", re.sub(r"\s*UTC$", "+00:00", text.strip()))
    if not ISO.fullmatch(bare):
        raise Wrong(f"{text!r} is no date like 2025-03-01 or 2025-03-01T23:30:00+07:00: say --date-format")
    try:
        return _in_utc(datetime.fromisoformat(bare))
    except (ValueError, OverflowError) as error:
        raise Wrong(f"{text!r} is no date like 2025-03-01 or 2025-03-01T23:30:00+07:00 ({error})") from error


def moments(form: str | None = None) -> Moments:
    """Reads moments in ISO 8601, by a format of strptime, or as `hours since 2017-01-01`. Raises Wrong for no form."""
    read: Moments = iso
    if form is None:
        pass
    elif since := SINCE.fullmatch(form.strip()):
        read = _since(since[1], iso(since[2]))
    elif "%" in form:
        read = _formatted(form)
    else:
        raise Wrong(f"{form!r} is no form of dates like '%d/%m/%Y %H:%M' or 'hours since 2017-01-01'")
    return lru_cache(DIFFERENT_DATES_REMEMBERED)(read)


def _since(unit: str, start: datetime) -> Moments:
    def read(text: str) -> datetime:
        try:
            return start + timedelta(**{unit: float(numeral(text, POINT))})
        except OverflowError as error:
            raise Wrong(f"{text!r} {unit} since {start:%Y-%m-%d} is beyond all dates") from error

    return read


def _formatted(form: str) -> Moments:
    def read(text: str) -> datetime:
        try:
            return _in_utc(datetime.strptime(text.strip(), form))  # noqa: DTZ007 - the format may hold a zone
        except (ValueError, OverflowError) as error:
            raise Wrong(f"{text!r} is no date of the form {form}") from error

    return read


def _in_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def number_of_customer(text: str) -> int:
    """17850, also where a program has made 17850.0 of it. Raises Wrong."""
    if text.isdecimal() and text.isascii() and len(text) <= MOST_DIGITS:
        return int(text)
    bare, _, zeros = text.strip().partition(".")
    if not re.fullmatch(f"-?[0-9]{{1,{MOST_DIGITS}}}", bare) or zeros.strip("0"):
        raise Wrong(f"{text!r} is no whole number: say --customer-ids prefixed (C1231) or hashed (any text)")
    return int(bare)


def prefixed_customers() -> Customers:
    """Reads C1231006815 as 1231006815; all must begin with the same letters, or two customers would become one."""
    letters: list[str] = []

    def read(text: str) -> int:
        found = LETTERS_AND_NUMBER.fullmatch(text.strip())
        if not found:
            raise Wrong(f"{text!r} is no number after letters, such as C1231: say --customer-ids hashed")
        if not letters:
            letters.append(found[1])
        if found[1] != letters[0]:
            raise Wrong(f"{text!r} begins with {found[1]!r}, earlier ones with {letters[0]!r}: hash them instead")
        return int(found[2])

    return read


def hashed_customer(text: str) -> int:
    """A number of 31 bits for any text, always the same: the first bits of its SHA-256. Raises Wrong for none."""
    if not (bare := text.strip()):
        raise Wrong("it is empty")
    # All bits of the largest id are set, so it keeps those that an id may have.
    return int.from_bytes(sha256(bare.encode()).digest()[:4]) & MAX_USER_ID
