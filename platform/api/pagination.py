import re
from base64 import b64decode
from typing import Any
from urllib.parse import parse_qs

from rest_framework import pagination
from rest_framework.request import Request

from api.problems import BadParameters


class Cursor(pagination.CursorPagination):
    """Pages of what was recorded last first: `{"next": url or null, "previous": url or null, "results": [...]}`.

    A page starts after an id, not after a number of rows: rows recorded meanwhile shift nothing, and the last page
    costs no more than the first. A subclass with another `ordering` must order by a whole number that is unique.
    """

    ordering = "-id"
    page_size = 100
    max_page_size = 1000
    page_size_query_param = "limit"
    page_size_query_description = "How many results a page has, 1 to 1,000."
    cursor_query_description = "Where the page starts: take it from `next` or `previous`."

    def get_page_size(self, request: Request) -> int:
        raw = request.query_params.get(self.page_size_query_param)
        if raw is None:
            return self.page_size
        if not re.fullmatch("[0-9]{1,4}", raw) or not 1 <= int(raw) <= self.max_page_size:
            raise BadParameters({self.page_size_query_param: [f"Give a whole number from 1 to {self.max_page_size}."]})
        return int(raw)

    def decode_cursor(self, request: Request) -> Any:
        raw = request.query_params.get(self.cursor_query_param)
        if raw is None:
            return None
        try:
            tokens = parse_qs(b64decode(raw, validate=True).decode("ascii"), strict_parsing=True)
            return pagination.Cursor(offset=0, reverse=tokens.pop("r", ["0"]) == ["1"], position=_position(tokens))
        except ValueError as error:
            raise BadParameters(
                {self.cursor_query_param: ["This is no cursor: take it from `next` or `previous`."]}
            ) from error

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        limits: dict[str, Any] = {
            self.page_size_query_param: {"type": "integer", "minimum": 1, "maximum": self.max_page_size},
            self.cursor_query_param: {"type": "string", "minLength": 1},
        }
        parameters: list[dict[str, Any]] = super().get_schema_operation_parameters(view)
        return [parameter | {"schema": limits[parameter["name"]]} for parameter in parameters]

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        properties = {"next": link, "previous": link, "results": schema}
        return {"type": "object", "required": list(properties), "properties": properties}


def _position(tokens: dict[str, list[str]]) -> int:
    """The id at which the page starts; raises ValueError if that is all but what encode_cursor() writes."""
    match tokens:
        case {"p": [position], **rest} if not rest and re.fullmatch("[0-9]{1,18}", position):
            return int(position)
    raise ValueError(tokens)
