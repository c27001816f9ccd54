"""How bodies are read. Imports no views: REST framework's views import this."""

import codecs
import json
import re
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import IO, Any, NoReturn
from urllib.parse import unquote_to_bytes

from django.http import QueryDict
from django.utils.http import parse_header_parameters
from rest_framework.exceptions import ParseError
from rest_framework.parsers import FormParser, JSONParser

SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
MAX_DEPTH = 20
"""levels of arrays and objects in a body; ours have four"""


class StrictJSONParser(JSONParser):
    """JSON by RFC 8259 and I-JSON: UTF-8, no NaN or Infinity, no name twice in an object, no half of a surrogate pair.

    A number with a point or an exponent becomes a Decimal: as a float, 1e-400 would be 0. Raises ParseError (400).
    REST framework has checked the body's size, as it does for subclasses of its own parser.
    """

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        _expect_utf8(media_type)
        try:
            text = stream.read().decode()
            value = json.loads(text, parse_float=_number, parse_constant=_refuse_constant, object_pairs_hook=_object)
            if SURROGATE.search(text):
                json.dumps(value, ensure_ascii=False, default=str).encode()
        except UnicodeEncodeError as error:
            raise ParseError("A string has half of a surrogate pair: send whole characters.") from error
        except RecursionError as error:
            raise ParseError(TOO_DEEP) from error
        except ValueError as error:
            raise ParseError(f"The body is no well-formed JSON: {error}") from error
        if _is_deep(value):
            raise ParseError(TOO_DEEP)
        return value


class StrictFormParser(FormParser):
    """What the forms of the browsable API send. Raises ParseError (400)."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        _expect_utf8(media_type)
        raw = stream.read()
        if raw.lstrip().startswith((b"{", b"[")):  # what curl says of any data unless it is given a type
            raise ParseError("The body looks like JSON: send it with `Content-Type: application/json`.")
        try:
            unquote_to_bytes(raw).decode()
        except UnicodeDecodeError as error:
            raise ParseError(f"The form is not UTF-8: {error}") from error
        return QueryDict(raw, encoding="utf-8")


TOO_DEEP = "The body is nested too deeply: send plain objects."


def _expect_utf8(media_type: str | None) -> None:
    """Raise ParseError for a charset that is not UTF-8; Django reads bodies of those that it does not know as UTF-8."""
    charset = parse_header_parameters(media_type or "")[1].get("charset", "utf-8")
    try:
        is_utf8 = codecs.lookup(charset).name in ("utf-8", "ascii")
    except (LookupError, ValueError):
        is_utf8 = False
    if not is_utf8:
        raise ParseError(f"The charset {charset!r} is not read here: send UTF-8.")


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [inner for each in level for inner in _inside(each)]
        if not level:
            return False
    return True


def _inside(value: Any) -> Any:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise ValueError(f"{text[:40]} is beyond all numbers") from error


def _refuse_constant(token: str) -> NoReturn:
    raise ValueError(f"{token} is no number of JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        name, times = Counter(name for name, _ in pairs).most_common(1)[0]
        raise ValueError(f"{json.dumps(name)} stands {times} times in one object")
    return value
