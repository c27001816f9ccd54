"""How bodies are read. Imports no views: REST framework's views import this."""

import json
import re
from collections.abc import Mapping
from io import BytesIO
from typing import IO, Any, NoReturn

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from rest_framework.exceptions import ParseError
from rest_framework.parsers import FormParser, JSONParser, get_encoding  # type: ignore[attr-defined]

SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class StrictJSONParser(JSONParser):
    """JSON by RFC 8259 and I-JSON: no NaN or Infinity, no name twice in an object, no half of a surrogate pair.

    Raises ParseError (400), or RequestDataTooBig (413) over DATA_UPLOAD_MAX_MEMORY_SIZE, which Django itself heeds
    only when it reads the body.
    """

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        raw = read_limited(stream)
        try:
            text = raw.decode(get_encoding(dict(parser_context or {})))
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
        return super().parse(BytesIO(read_limited(stream)), media_type, dict(parser_context or {}))


def read_limited(stream: IO[Any]) -> bytes:
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    raw: bytes = stream.read() if limit is None else stream.read(limit + 1)
    if limit is not None and len(raw) > limit:
        raise RequestDataTooBig(f"The body has more than {limit:,} bytes.")
    return raw


def _refuse_constant(token: str) -> NoReturn:
    raise ValueError(f"{token} is no number of JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        names = [name for name, _ in pairs]
        twice = sorted({name for name in names if names.count(name) > 1})
        raise ValueError(f"{', '.join(twice)} given twice in one object")
    return value
