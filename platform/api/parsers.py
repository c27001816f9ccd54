"""How bodies are read. Imports no views: REST framework's views import this."""

import json
import re
from collections import Counter
from collections.abc import Mapping
from io import BytesIO
from typing import IO, Any, NoReturn

from rest_framework.exceptions import ParseError
from rest_framework.parsers import FormParser, JSONParser, get_encoding  # type: ignore[attr-defined]

SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class StrictJSONParser(JSONParser):
    """JSON by RFC 8259 and I-JSON: no NaN or Infinity, no name twice in an object, no half of a surrogate pair.

    Raises ParseError (400). REST framework has checked the body's size, as it does for subclasses of its own parser.
    """

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        try:
            text = stream.read().decode(get_encoding(dict(parser_context or {})))
            value = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_object)
            if SURROGATE.search(text):
                json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise ParseError("A string has half of a surrogate pair: send whole characters.") from error
        except RecursionError as error:
            raise ParseError("The body is nested too deeply: send plain objects.") from error
        except ValueError as error:
            raise ParseError(f"The body is no well-formed JSON: {error}") from error
        return value


class StrictFormParser(FormParser):
    """What the forms of the browsable API send."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        raw = stream.read()
        if raw.lstrip().startswith((b"{", b"[")):  # what curl says of any data unless told otherwise
            raise ParseError("The body looks like JSON: send it with `Content-Type: application/json`.")
        return super().parse(BytesIO(raw), media_type, dict(parser_context or {}))


def _refuse_constant(token: str) -> NoReturn:
    raise ValueError(f"{token} is no number of JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        name, times = Counter(name for name, _ in pairs).most_common(1)[0]
        raise ValueError(f"{json.dumps(name)} stands {times} times in one object")
    return value
