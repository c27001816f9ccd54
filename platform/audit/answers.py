"""What an answer shows: whose data, how many rows, in which form. Read off the answer, whatever app made it."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from audit.lines import Subject, subjects

FORMATS = {"text/csv": "csv", "text/html": "html"}
LISTS = ("results", "transactions", "hours")
"""What the rows of an answer are called that has several."""


def format_of(answer: HttpResponseBase) -> str:
    return FORMATS.get(answer.headers.get("Content-Type", "").partition(";")[0], "json")


def narrowed_by(request: Request, body: Any) -> None:
    """To be called by a view that reads by a body: that, an object, says what narrows the answer, not the address."""
    vars(request._request)["_narrowed_by"] = body


def asked_of(request: HttpRequest) -> Mapping[str, Any]:
    """What narrows the answer."""
    asked: Mapping[str, Any] = vars(request).get("_narrowed_by") or request.GET.dict()
    return asked


def subjects_of(request: HttpRequest, answer: Any) -> list[Subject]:
    """Whose data are shown: who is named, or whose the only row is; if neither, one subject that is nobody."""
    named = _kwargs(request).get("order_id", "")
    row = _row(answer, of_an_order=bool(named))
    user_id, order_id = row.get("user_id"), named or row.get("order_id", "")
    if order_id or user_id is not None:
        return [Subject(user_id, order_id)]
    return subjects(asked_of(request)) or [Subject()]


def object_of(request: HttpRequest) -> str:
    """The id of the row that the address names, but for orders."""
    kwargs = _kwargs(request)
    return str(kwargs.get("pk") or kwargs.get("object_id") or kwargs.get("id") or "")


def rows_of(answer: Any) -> int | None:
    """How many rows the answer shows; None: all that there are."""
    if answer.streaming:
        rows: int | None = vars(answer).get("rows")
        return rows
    data = getattr(answer, "data", None)
    if isinstance(data, Mapping):
        return _rows_of(data)
    context = getattr(answer, "context_data", None) or {}
    return len(context["cl"].result_list) if "cl" in context else len({"original", "object"} & context.keys())


def _rows_of(data: Mapping[str, Any]) -> int:
    if "panels" in data:
        return sum(len(panel.get("rows", ())) for panel in data["panels"].values())
    return next((len(data[name]) for name in LISTS if name in data), 1)


def _row(answer: Any, *, of_an_order: bool) -> Mapping[str, Any]:
    """The only row that is shown, or one of an order's refunds, which are all of one user; empty: there is none."""
    data = vars(answer).get("state") or getattr(answer, "data", None)
    if isinstance(data, Mapping):
        return next(iter(data["results"]), {}) if of_an_order and "results" in data else data
    context = getattr(answer, "context_data", None) or {}
    shown = context.get("original") or context.get("object")
    return {name: getattr(shown, name) for name in ("user_id", "order_id") if hasattr(shown, name)}


def _kwargs(request: HttpRequest) -> Mapping[str, Any]:
    return request.resolver_match.kwargs if request.resolver_match else {}
