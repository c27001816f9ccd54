"""The query string, read as strictly as a body and alike at every endpoint: a mistyped filter is refused."""

import re
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from typing import Any, ClassVar
from urllib.parse import unquote_to_bytes

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.fields import empty
from rest_framework.request import Request
from rest_framework.settings import api_settings

from api.problems import BadParameters
from api.serializers import StrictSerializer
from events.plausibility import MAX_USER_ID

FORMAT = str(api_settings.URL_FORMAT_OVERRIDE)
"""chooses the form of any answer, such as json"""
A_USER_ID = {"type": "integer", "minimum": 0, "maximum": MAX_USER_ID}


class Parameters(StrictSerializer):
    # What a query string may say. A subclass for a list names in each field's `source` the lookup by which it narrows
    # the list. (A docstring would be shown as a description at /schema.)

    ranges: ClassVar[dict[str, str]] = {"from": "to", "amount_min": "amount_max"}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        for lower, upper in self.ranges.items():
            begin, end = self._value(attrs, lower), self._value(attrs, upper)
            if begin is not None and end is not None and begin > end:
                raise serializers.ValidationError({lower: [f"Give one that is not beyond `{upper}`."]})
        return attrs

    def _value(self, attrs: dict[str, Any], name: str) -> Any:
        return attrs.get(str(self.fields[name].source)) if name in self.fields else None


class Word(serializers.CharField):
    """Text, taken as it stands."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**({"required": False, "trim_whitespace": False} | kwargs))


@extend_schema_field(OpenApiTypes.BOOL)
class Flag(Word):
    """`true` or `false`."""

    def to_internal_value(self, data: Any) -> Any:
        if data not in ("true", "false"):
            raise serializers.ValidationError("Use true or false.")
        return data == "true"


def read_user_id(text: str) -> int:
    """The shop's number of a user that an address names; raises a problem (400) if none has such a number."""
    if not re.fullmatch("[0-9]{1,10}", text) or int(text) > MAX_USER_ID:
        raise BadParameters({"user_id": [f"Give a whole number from 0 to {MAX_USER_ID}."]})
    return int(text)


def read_parameters(request: Request, parameters: type[Parameters], besides: Collection[str] = ()) -> dict[str, Any]:
    """What the query string says, under each field's `source`; raises a problem (400) naming each bad parameter.

    besides: names of parameters that somebody else reads.
    """
    if not request.META.get("QUERY_STRING") and says_nothing_by_default(parameters):
        return {}
    _refuse_misplaced(request, {*parameters._declared_fields, *besides, FORMAT})
    asked = request.query_params.copy()
    for name in (*besides, FORMAT):
        asked.pop(name, None)
    if not asked and says_nothing_by_default(parameters):
        return {}
    serializer = parameters(data=asked, context={"request": request})
    try:
        serializer.is_valid(raise_exception=True)
    except ValidationError as error:
        raise BadParameters(error.detail) from error
    return dict(serializer.validated_data)


@cache
def says_nothing_by_default(parameters: type[Parameters]) -> bool:
    """Whether a query string may leave all of these out, and nothing is asked then."""
    fields: Iterable[serializers.Field[Any, Any, Any, Any]] = parameters._declared_fields.values()
    return all(not field.required and field.default is empty for field in fields)


def _refuse_misplaced(request: Request, known: Collection[str]) -> None:
    try:
        unquote_to_bytes(request.META.get("QUERY_STRING", "")).decode()
    except UnicodeDecodeError as error:
        raise ParseError(f"The query string is not UTF-8: {error}") from error
    if errors := dict(_misplaced(request, known)):
        raise BadParameters(errors)


def _misplaced(request: Request, known: Collection[str]) -> Iterator[tuple[str, list[str]]]:
    for name, values in request.query_params.lists():
        if name not in known:
            yield name, [f"There is no such parameter here: use {', '.join(sorted(known))}."]
        elif len(values) > 1:
            yield name, ["Give this once only."]
        elif not values[0]:
            yield name, ["Give a value, or leave this out."]
