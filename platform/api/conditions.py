"""Conditional requests (RFC 9110, section 13): of which state an answer is, and on which state a change was decided."""

import re
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework.renderers import BrowsableAPIRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from api.problems import Problem, ProblemType
from api.renderers import encoded

IF_MATCH, IF_NONE_MATCH = "If-Match", "If-None-Match"
A_TAG = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
TAGS = re.compile(rf"\*|{A_TAG}(?:[ \t]*,[ \t]*{A_TAG})*")
MAY_BE_KEPT = "private, no-cache"
"""by who asked, who asks again whether it still holds; all else may not be kept at all: see api/observation.py"""

A_CONDITION = {"type": "string", "pattern": r'^(\*|(W/)?"[!#-~]*"(, *(W/)?"[!#-~]*")*)$'}
TO_CHANGE = OpenApiParameter(
    IF_MATCH,
    A_CONDITION,
    OpenApiParameter.HEADER,
    description="The `ETag` of the state on which you decided: if it has changed since, nothing is done (412).",
)
TO_READ = OpenApiParameter(
    IF_NONE_MATCH,
    A_CONDITION,
    OpenApiParameter.HEADER,
    description="The `ETag` of what you have: if it still holds, the answer is 304 without a body.",
)
ETAG = OpenApiParameter(
    "ETag", str, OpenApiParameter.HEADER, response=[200], description="Differs after every change; see `If-Match`."
)


def etag_of(state: Mapping[str, Any]) -> str:
    """The entity tag of what is answered as this JSON."""
    return f'"{blake2b(encoded(state), digest_size=12).hexdigest()}"'


def is_conditional(request: Request) -> bool:
    return IF_MATCH in request.headers


def check_unchanged(request: Request, etag: str) -> None:
    """Raises a problem (412) if the request was decided on another state than that of this tag; (400) if on none.

    etag: of the present state, which nobody may change until the database transaction at hand has ended.
    """
    tags = _tags(request, IF_MATCH)
    if tags not in ([], ["*"]) and etag not in tags:  # a weak tag is never the same as a strong one
        sentence = "This has changed since the state that you name: read it again, then decide anew."
        raise Problem(
            ProblemType.PRECONDITION_FAILED,
            sentence,
            errors=[{"header": IF_MATCH, "detail": sentence}],
            headers={"ETag": etag},
        )


def answered(request: Request, state: Mapping[str, Any], etag: str) -> Response:
    """The answer to a GET of this state: 304 without a body, where the request names its tag."""
    if isinstance(request.accepted_renderer, BrowsableAPIRenderer):
        return Response(state)  # a page shows more than this state
    headers = {"ETag": etag, "Cache-Control": MAY_BE_KEPT}
    known = [tag.removeprefix("W/") for tag in _tags(request, IF_NONE_MATCH)]
    if known == ["*"] or etag in known:
        unchanged = Response(status=304, headers=headers)
        vars(unchanged)["state"] = state  # for the audit log, which says whose it is
        return unchanged
    return Response(state, headers=headers)


def _tags(request: Request, header: str) -> list[str]:
    """The entity tags of a header field, or ["*"]; none without the field."""
    raw = request.headers.get(header)
    if raw is None:
        return []
    if not TAGS.fullmatch(raw):
        sentence = "Give the `ETag` of an answer with its quotation marks, several with commas between them, or *."
        raise Problem(ProblemType.VALIDATION, f"{header}: {sentence}", errors=[{"header": header, "detail": sentence}])
    return ["*"] if raw == "*" else re.findall(A_TAG, raw)
