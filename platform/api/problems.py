"""Errors as RFC 9457 problem details (application/problem+json), the same ones whether DRF or Django found them.

A problem has `type`, `title`, `status` and `detail`; `type` is a reference to this server's page /problems, which
explains them all. What is wrong with which value stands under `errors`, a list of `{"pointer": "#/3/amount",
"detail": …}` (a JSON pointer into the body), `{"parameter": "from", "detail": …}` (of the query string) or
`{"header": "Idempotency-Key", "detail": …}`.
"""

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import Any
from urllib.parse import quote

import structlog
from django.core.exceptions import DisallowedHost, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import Error
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import exception_handler

from api.renderers import ProblemResponse
from database.errors import is_transient
from database.time_limit import TookTooLong

log = structlog.get_logger(__name__)
RETRY_AFTER_SECONDS = 5
Errors = Sequence[Mapping[str, str]]


class ProblemType(Enum):
    """Every type of problem: the last part of its `type`, its status, its title and what to do about it."""

    MALFORMED = "malformed", 400, "Malformed request", "Send well-formed JSON and header fields."
    VALIDATION = "validation", 400, "Validation failed", "Mend every value named under `errors`."
    UNAUTHENTICATED = (
        "unauthenticated",
        401,
        "Authentication required",
        "Send `Authorization: Bearer` and a token; `POST /auth/tokens` makes one from a name and a password.",
    )
    FORBIDDEN = "forbidden", 403, "Forbidden", "Use an account with the role that `detail` names."
    NOT_FOUND = "not-found", 404, "Not found", "Check the address and the id in it."
    METHOD_NOT_ALLOWED = "method-not-allowed", 405, "Method not allowed", "Use one that `Allow` names."
    NOT_ACCEPTABLE = "not-acceptable", 406, "Not acceptable", "Send `Accept: application/json`."
    ALREADY_EXISTS = (
        "already-exists",
        409,
        "Already exists",
        "Leave out what `errors` names, or give it another id.",
    )
    CONFLICT = "conflict", 409, "Conflict with the present state", "Read the present state, then decide anew."
    TIMED_OUT = "request-timeout", 408, "Request timeout", "Send all of it at once."
    PRECONDITION_FAILED = (
        "precondition-failed",
        412,
        "Precondition failed",
        "Read the present state, whose `ETag` the answer names, then decide anew.",
    )
    TOO_LARGE = "too-large", 413, "Content too large", "Send it in several parts."
    LINE_TOO_LONG = "uri-too-long", 414, "URI too long", "Send a shorter query string."
    UNSUPPORTED_MEDIA_TYPE = (
        "unsupported-media-type",
        415,
        "Unsupported media type",
        "Send JSON with `Content-Type: application/json`.",
    )
    KEY_REUSED = (
        "idempotency-key-reused",
        422,
        "Idempotency-Key reused",
        "Use a new key for a new request, and the same body to repeat one.",
    )
    TOO_MANY_REQUESTS = "too-many-requests", 429, "Too many requests", "Wait as long as `Retry-After` says."
    HEAD_TOO_LARGE = "head-too-large", 431, "Request header fields too large", "Send fewer or shorter ones."
    INTERNAL = (
        "internal",
        500,
        "Internal server error",
        "Try again; if it stays, report the `request_id`, under which our logs say more.",
    )
    NOT_IMPLEMENTED = (
        "not-implemented",
        501,
        "Not implemented",
        "Send the body as it is, or with `Transfer-Encoding: chunked`.",
    )
    UNAVAILABLE = (
        "unavailable",
        503,
        "Service unavailable",
        "Try again later; `GET /health` says what is down.",
    )

    def __init__(self, slug: str, status: int, title: str, remedy: str) -> None:
        self.slug = slug
        self.status = status
        self.title = title
        self.remedy = remedy

    @property
    def remedy_spans(self) -> list[tuple[str, bool]]:
        """The remedy in pieces, each with whether it stands in backticks."""
        return [(text, number % 2 == 1) for number, text in enumerate(self.remedy.split("`")) if text]

    @property
    def uri(self) -> str:
        return f"/problems#{self.slug}"


class Problem(exceptions.APIException):
    """To be raised in a view, with what is wrong in `detail`: `raise Problem(ProblemType.CONFLICT, "…")`."""

    def __init__(
        self,
        type: ProblemType,
        detail: str,
        *,
        errors: Errors = (),
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        super().__init__(detail)
        self.status_code = type.status
        self.type = type
        self.errors = errors
        self.headers = dict(headers or {})
        self.members = members

    def as_dict(self) -> dict[str, Any]:
        return {
            "type": self.type.uri,
            "title": self.type.title,
            "status": self.type.status,
            "detail": str(self.detail),
            **({"errors": list(self.errors)} if self.errors else {}),
            **self.members,
            **_request_id(),
        }


def _request_id() -> dict[str, str]:
    """Of the request that is being answered; nothing outside of one."""
    named = structlog.contextvars.get_contextvars().get("request_id")
    return {"request_id": named} if named else {}


class BadParameters(exceptions.ValidationError):
    """A ValidationError about the query string, `{parameter: [what is wrong, …]}`."""


def problem_response(exc: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's EXCEPTION_HANDLER; None for what is our own fault, which then becomes a 500 and is logged."""
    problem = as_problem(exc)
    if problem is None:
        return None
    response = ProblemResponse(problem.as_dict(), status=problem.status_code, headers=problem.headers)
    if (by_drf := exception_handler(exc, dict(context))) is not None:  # WWW-Authenticate, Retry-After; rolls back
        for name, value in by_drf.items():
            response[name] = value
    return response


def as_problem(exc: Exception) -> Problem | None:  # noqa: PLR0911 - one line a kind of exception
    """The problem that an exception of Django or DRF stands for."""
    match exc:
        case Problem():
            return exc
        case BadParameters():
            errors = list(parameter_errors(exc.detail))
            return Problem(ProblemType.VALIDATION, _summary(errors), errors=errors)
        case exceptions.ValidationError():
            errors = list(pointer_errors(exc.detail))
            return Problem(ProblemType.VALIDATION, _summary(errors), errors=errors)
        case Http404():
            return Problem(ProblemType.NOT_FOUND, ProblemType.NOT_FOUND.remedy)
        case PermissionDenied():
            return Problem(ProblemType.FORBIDDEN, str(exc) or ProblemType.FORBIDDEN.remedy)
        case RequestDataTooBig():
            return Problem(ProblemType.TOO_LARGE, "The body has too many bytes: send it in several parts.")
        case DisallowedHost():
            return Problem(ProblemType.MALFORMED, "This host name is not served here: see ALLOWED_HOSTS.")
        case SuspiciousOperation():
            return Problem(ProblemType.MALFORMED, ProblemType.MALFORMED.remedy)
        case exceptions.APIException():
            return _of_drf(exc)
        case TookTooLong():
            return Problem(ProblemType.VALIDATION, str(exc))
        case Error() if is_transient(exc):
            log.warning("the database is away or busy, or takes no changes", error=str(exc))
            return Problem(
                ProblemType.UNAVAILABLE,
                "The database does not answer, or takes no changes. Send this again a little later, under the same "
                "Idempotency-Key or with the same order_id where it has one: it may have been done.",
                headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
            )
    return None


def _of_drf(exc: exceptions.APIException) -> Problem | None:
    by_status = {type.status: type for type in reversed(ProblemType)} | {400: ProblemType.MALFORMED}
    type_ = by_status.get(exc.status_code)
    if type_ is None:
        return None
    detail = str(exc.detail)
    if detail == str(exc.default_detail) or type_ is ProblemType.UNSUPPORTED_MEDIA_TYPE:
        detail = f"{detail} {type_.remedy}"
    return Problem(type_, detail)


def pointer_errors(detail: Any, pointer: str = "#") -> Iterator[dict[str, str]]:
    """DRF's nested errors, each with a JSON pointer (RFC 6901) to the value it is about."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            is_whole = name == api_settings.NON_FIELD_ERRORS_KEY
            yield from pointer_errors(inner, pointer if is_whole else f"{pointer}/{_token(str(name))}")
    elif isinstance(detail, list):
        for inner in detail:
            yield from pointer_errors(inner, pointer)
    else:
        yield {"pointer": pointer, "detail": str(detail)}


def parameter_errors(detail: Any) -> Iterator[dict[str, str]]:
    for name, sentences in detail.items():
        for sentence in sentences:
            yield {"parameter": str(name), "detail": str(sentence)}


def _token(name: str) -> str:
    return quote(name.replace("~", "~0").replace("/", "~1"), safe="~!$&'()*+,;=:@")


def _summary(errors: Errors) -> str:
    """The first error in one sentence, for those who read only that."""
    first = errors[0]
    where = first.get("parameter") or first.get("pointer", "#").removeprefix("#/") or "body"
    more = f" (and {len(errors) - 1} more under `errors`)" if len(errors) > 1 else ""
    return f"{where}: {first['detail']}{more}"
