"""The query string, read as strictly as a body: a mistyped filter is refused, never ignored."""

from collections.abc import Collection, Iterator
from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.serializers import Serializer
from rest_framework.settings import api_settings

from api.problems import BadParameters

FORMAT = str(api_settings.URL_FORMAT_OVERRIDE)
"""chooses the form of any answer, such as json"""


def read_parameters(request: Request, serializer_class: type[Serializer[Any]]) -> dict[str, Any]:
    """The query parameters as this serializer understands them; raises a problem (400) naming each bad one."""
    asked = request.query_params.copy()
    asked.pop(FORMAT, None)
    serializer = serializer_class(data=asked)
    refuse_unknown_parameters(request, serializer.fields)
    try:
        serializer.is_valid(raise_exception=True)
    except ValidationError as error:
        raise BadParameters(error.detail) from error
    return dict(serializer.validated_data)


def refuse_unknown_parameters(request: Request, known: Collection[str]) -> None:
    """Raise a problem (400) naming every query parameter that is not known or is given twice."""
    errors = dict(_misplaced(request, {*known, FORMAT}))
    if errors:
        raise BadParameters(errors)


def _misplaced(request: Request, known: Collection[str]) -> Iterator[tuple[str, list[str]]]:
    for name, values in request.query_params.lists():
        if name not in known:
            yield name, [f"There is no such parameter here: use {', '.join(sorted(known))}."]
        elif len(values) > 1:
            yield name, ["Give this once only."]
