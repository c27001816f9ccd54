import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, urlencode

from django.conf import settings
from django.db import models
from django.db.models import Q, QuerySet
from rest_framework import pagination
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from api.problems import BadParameters
from database.prepared import PreparedQuery
from database.time_limit import time_limit
from events.money import Ledger

MAX_WORD = 64


@dataclass(frozen=True, slots=True)
class Place:
    """Between two rows of a list: a page follows it, or leads up to it."""

    values: tuple[Any, ...]
    """what the row before (or behind) it has in each column of the list's order"""
    is_reverse: bool = False


class Cursor(pagination.CursorPagination):
    """Pages in a fixed order: `{"next": url or null, "previous": url or null, "results": [...]}`.

    A page starts after a row, not after a number of rows: what is recorded meanwhile shifts nothing, and the last page
    costs no more than the first. The order is that of `ordering`, the last recorded first, unless the view's `order`
    names other columns: one or two, of which the last is unique among rows that are equal in the first, such as
    `("-timestamp", "id")`; an index has to have them so. settings.QUERY_SECONDS is what a page may take.
    """

    ordering = "-id"
    page_size = 100
    max_page_size = 1000
    page_size_query_param = "limit"
    page_size_query_description = "How many results a page has, 1 to 1,000."
    cursor_query_description = "Where the page starts: take it from `next` or `previous`, with the same filters."

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.request, self.address = request, request.build_absolute_uri()
        self.order: Sequence[str] = getattr(view, "order", None) or (self.ordering,)
        size, place = self.get_page_size(request), self._asked_for(queryset.model)
        with time_limit(settings.QUERY_SECONDS, index=getattr(view, "index", "")):
            rows = _rows(queryset, getattr(view, "columns_read", ()), self.order, place, size + 1)
        has_more, page = len(rows) > size, rows[:size]
        if place and place.is_reverse:
            page.reverse()
        self.rows = page
        self.has_next = has_more if not (place and place.is_reverse) else bool(page)
        self.has_previous = has_more if place and place.is_reverse else bool(place and page)
        return page

    def get_page_size(self, request: Request) -> int:
        raw = request.query_params.get(self.page_size_query_param)
        if raw is None:
            return self.page_size
        if not re.fullmatch("[0-9]{1,4}", raw) or not 1 <= int(raw) <= self.max_page_size:
            raise BadParameters({self.page_size_query_param: [f"Give a whole number from 1 to {self.max_page_size}."]})
        return int(raw)

    def get_next_link(self) -> str | None:
        return self._link(self.rows[-1], is_reverse=False) if self.has_next else None

    def get_previous_link(self) -> str | None:
        return self._link(self.rows[0], is_reverse=True) if self.has_previous else None

    def _link(self, row: Any, *, is_reverse: bool) -> str:
        text = [_as_text(_value(row, name.lstrip("-"))) for name in self.order]
        tokens = [*([("r", "1")] if is_reverse else []), *(("p", each) for each in text)]
        encoded = b64encode(urlencode(tokens).encode()).decode()
        return replace_query_param(self.address, self.cursor_query_param, encoded)

    def _asked_for(self, model: type[models.Model]) -> Place | None:
        raw = self.request.query_params.get(self.cursor_query_param)
        if raw is None:
            return None
        try:
            tokens = parse_qs(b64decode(raw, validate=True).decode("ascii"), strict_parsing=True)
            return Place(_position(tokens, model, self.order), tokens.pop("r", ["0"]) == ["1"])
        except (ValueError, ArithmeticError) as error:
            raise BadParameters(
                {self.cursor_query_param: ["This is no cursor of this list: take it from `next` or `previous`."]}
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


def bound_by_cursor(request: Request, order: Sequence[str]) -> tuple[str, str] | None:
    """The column of an order that the request's cursor bounds, and from which side (`lt` or `gt`); None: no cursor."""
    raw = request.query_params.get(Cursor.cursor_query_param)
    if raw is None:
        return None
    try:
        is_reverse = b64decode(raw).startswith(b"r=1")
    except ValueError:
        return None  # paginate_queryset() refuses it
    return order[0].lstrip("-"), "lt" if order[0].startswith("-") is not is_reverse else "gt"


def _rows(
    rows: QuerySet[Any, Any], names: tuple[str, ...], order: Sequence[str], place: Place | None, limit: int
) -> list[Any]:
    if not names or rows.query.where:
        return list(_from_place(rows.values(*names) if names else rows, order, place)[:limit])
    # Of a list that nothing narrows, only the place differs from page to page.
    model: type[models.Model] = rows.model
    query = _whole_table(model, names, tuple(order), None if place is None else place.is_reverse, limit)
    return [dict(zip(names, row)) for row in query.rows(*_parameters(place))]  # noqa: B905 - to look costs a quarter


def _parameters(place: Place | None) -> tuple[Any, ...]:
    """Of _whole_table()'s query: the first column's value stands in it twice where there is another column."""
    if place is None:
        return ()
    first, *others = place.values
    return (first, first, *others) if others else (first,)


@lru_cache(1000)
def _whole_table(
    model: type[models.Model], names: tuple[str, ...], order: tuple[str, ...], is_reverse: bool | None, limit: int
) -> PreparedQuery:
    """Pages of a table; its parameters are those of _beyond(), as SQL has them."""

    def page(*values: Any) -> QuerySet[Any, Any]:
        place = None if is_reverse is None else Place((values[0], *values[2:]), is_reverse)
        return _from_place(model._default_manager.values_list(*names), order, place)[:limit]

    return PreparedQuery(page)


def _from_place(rows: QuerySet[Any], order: Sequence[str], place: Place | None) -> QuerySet[Any]:
    """The rows that follow a place, or those before it, the nearest first."""
    if place and place.is_reverse:
        order = [name[1:] if name.startswith("-") else f"-{name}" for name in order]
    rows = rows.order_by(*order)
    return rows.filter(_beyond(order, place.values)) if place else rows


def _beyond(order: Sequence[str], values: Sequence[Any]) -> Q:
    """What comes after these values in this order."""
    first, *ties = [(name.lstrip("-"), "lt" if name.startswith("-") else "gt") for name in order]
    (name, beyond), value = first, values[0]
    if not ties:
        return Q((f"{name}__{beyond}", value))
    [(tie, further)] = ties
    # The same as `further, or equal with a tie`, in the form that an index on the column can serve.
    return Q((f"{name}__{beyond}e", value)) & (Q((f"{name}__{beyond}", value)) | Q((f"{tie}__{further}", values[1])))


def _value(row: Any, name: str) -> Any:
    return row[name] if isinstance(row, dict) else getattr(row, name)


def _as_text(value: Any) -> str:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)


def _position(tokens: dict[str, list[str]], model: type[models.Model], order: Sequence[str]) -> tuple[Any, ...]:
    """The values at which the page starts; raises ValueError if these are not what _link() writes."""
    match {name: values for name, values in tokens.items() if name != "r"}:
        case {"p": values, **rest} if not rest and len(values) == len(order):
            fields = [model._meta.get_field(name.lstrip("-")) for name in order]
            return tuple(_reader(field)(value) for field, value in zip(fields, values, strict=True))
    raise ValueError(tokens)


def _reader(field: Any) -> Callable[[str], Any]:
    match field:
        case models.DateTimeField():
            return _moment
        case models.DecimalField():
            return _decimal
        case models.IntegerField():
            return _number
    return _word


def _number(text: str) -> int:
    if not re.fullmatch("[0-9]{1,18}", text):
        raise ValueError(text)
    return int(text)


def _decimal(text: str) -> Decimal:
    if not re.fullmatch(rf"-?[0-9]{{1,16}}\.[0-9]{{{Ledger.currency.kept_digits}}}", text):
        raise ValueError(text)
    return Decimal(text)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.utcoffset() is None:
        raise ValueError(text)
    return moment.astimezone(UTC)


def _word(text: str) -> str:
    if len(text) > MAX_WORD or "\x00" in text:
        raise ValueError(text)
    return text
