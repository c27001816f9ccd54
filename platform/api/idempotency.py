"""Requests that may be sent again: the first answer under an Idempotency-Key is given again, as Stripe does it.

The key is recorded in the database transaction that does the work. Hence both happen or neither does, and a second
request under the same key, come while the first one is at work, waits at the unique index until that has ended. Only
successes are kept: a request that was refused has done nothing, and its key is free. Answers are kept compressed, and
whole: what has become of an order since does not show in them.
"""

import json
import re
import zlib
from collections.abc import Callable
from functools import wraps
from hashlib import sha256
from typing import Any, cast

from django.db import IntegrityError, transaction
from django.http import QueryDict
from rest_framework.request import Request
from rest_framework.response import Response

from api.models import IdempotencyKey
from api.problems import Problem, ProblemType
from api.renderers import encoded

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEPT_HEADERS = ("Location", "Link", "ETag")
ZLIB = b"\x78"
"""what zlib begins with, and JSON does not"""
FASTEST = 1
"""of zlib's levels; the thoroughest saves a sixth more, for six times the time"""
# Without the comma, by which servers join a header field that came twice.
VISIBLE_ASCII = re.compile(r"[\x21-\x2b\x2d-\x7e]{1,255}")

Handler = Callable[..., Response]


class Taken(Exception):
    """The key has been used before."""


def idempotent(handler: Handler) -> Handler:
    """For a view's method: runs it in a database transaction, at most once per account and Idempotency-Key."""

    @wraps(handler)
    def once(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = _key(request)
        fingerprint = _fingerprint(request) if key else ""
        _read_body(request)
        try:
            with transaction.atomic():
                row = _take(request, key, fingerprint) if key else None
                response = handler(view, request, *args, **kwargs)
                _keep(row, response)
                return response
        except Taken as taken:
            # Read outside the transaction that failed, whose view of the database may be older than the key.
            first = IdempotencyKey.objects.filter(account_id=request.user.pk, key=key).first()
            if first is None:
                sentence = f"The {HEADER} {key} was forgotten at this very moment: send the request again."
                raise Problem(ProblemType.CONFLICT, sentence) from taken
            return _replay(first, fingerprint)

    vars(once)["is_idempotent"] = True
    return once


def is_idempotent(handler: Any) -> bool:
    return getattr(handler, "is_idempotent", False)


def _key(request: Request) -> str | None:
    key: str | None = request.headers.get(HEADER)
    if key is not None and not VISIBLE_ASCII.fullmatch(key):
        sentence = "Give it once: 1 to 255 visible ASCII characters without commas, best a new UUID for each request."
        raise Problem(ProblemType.VALIDATION, f"{HEADER}: {sentence}", errors=[{"header": HEADER, "detail": sentence}])
    return key


def _fingerprint(request: Request) -> str:
    """Equal for requests that mean the same: what the body says counts, not how it is spaced."""
    data = dict(request.data.lists()) if isinstance(request.data, QueryDict) else request.data
    body = json.dumps(data, sort_keys=True, default=str)
    return sha256("\n".join([str(request.method), request.get_full_path(), body]).encode()).hexdigest()


def _read_body(request: Request) -> None:
    """Read and parse the whole body now: a client that sends it slowly must not hold what a transaction locks.

    Raises what the parsers raise.
    """
    request.data  # noqa: B018 - a property that reads


def _take(request: Request, key: str, fingerprint: str) -> IdempotencyKey:
    """Note the key; raises Taken, after which the database transaction at hand can only be rolled back."""
    try:
        return IdempotencyKey.objects.create(account_id=cast(int, request.user.pk), key=key, fingerprint=fingerprint)
    except IntegrityError as error:
        raise Taken from error


def _keep(row: IdempotencyKey | None, response: Response) -> None:
    if response.status_code >= 400:
        transaction.set_rollback(True)
    elif row:
        row.status = response.status_code
        row.headers = {name: response[name] for name in KEPT_HEADERS if name in response}
        row.body = zlib.compress(encoded(response.data), FASTEST)
        row.save(update_fields=["status", "headers", "body"])


def _replay(first: IdempotencyKey, fingerprint: str) -> Response:
    if first.fingerprint != fingerprint:
        raise Problem(
            ProblemType.KEY_REUSED,
            f"The {HEADER} {first.key} came with another request before: use a new key for a new request.",
        )
    body = unpacked(bytes(first.body))
    return Response(
        json.loads(body) if body else None, status=first.status, headers={**first.headers, REPLAYED: "true"}
    )


def unpacked(body: bytes) -> bytes:
    """The JSON of a kept answer, also of those that older versions kept as they were."""
    return zlib.decompress(body) if body.startswith(ZLIB) else body
