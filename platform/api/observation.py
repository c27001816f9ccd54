"""The outermost middleware: what is logged while a request is answered names the request; metrics count it."""

from collections.abc import Callable, Iterator
from functools import partial
from time import perf_counter
from typing import Any, TypeGuard

from django.conf import settings
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.functional import SimpleLazyObject
from structlog.contextvars import bind_contextvars, clear_contextvars

from api import request_metrics
from api.addresses import client_address
from api.request_ids import HEADER, request_id


class Observation:
    """Binds request_id, ip and user_id to every line of the log; the server logs one line an answer (serving/access).

    Every answer names the request_id, which may be the caller's own, and whether it may be kept.
    It leaves them bound, for that line, which is written when the answer has been sent.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        began = perf_counter()
        address = client_address(request.META, settings.TRUSTED_PROXIES)
        clear_contextvars()
        named = request_id(request.META.get("HTTP_X_REQUEST_ID"))
        bind_contextvars(request_id=named, ip=str(address) if address else None)
        answer = self._get_response(request)
        answer[HEADER] = named
        # Nearly every answer holds somebody's data; what may be kept, such as static files, says so by itself.
        answer.headers.setdefault("Cache-Control", "private, no-store")
        now = perf_counter()
        view_began = vars(request).get("_view_began")
        count = partial(
            request_metrics.count, request, answer, now - began, None if view_began is None else now - view_began
        )
        if is_written_as_it_is_read(answer):
            answer.streaming_content = Streamed(iter(answer), partial(self._ended, request, count))
        else:
            count()
        bind_contextvars(user_id=_account_of(request))
        return answer

    def _ended(self, request: HttpRequest, count: Callable[..., None], failure: Exception | None) -> None:
        if failure is not None:
            self.process_exception(request, failure)
        count(has_failed=failure is not None)

    def process_view(self, request: HttpRequest, *_: Any) -> None:
        vars(request)["_view_began"] = perf_counter()

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        request_metrics.EXCEPTIONS.labels(request_metrics.view_of(request)).inc()


class Streamed(Iterator[bytes]):
    """The pieces of an answer; says once how it ended: with an exception, or None.

    A client that leaves before the end is no failure of ours.
    """

    def __init__(self, pieces: Iterator[bytes], ended: Callable[[Exception | None], None]) -> None:
        self._pieces = pieces
        self._ended: Callable[[Exception | None], None] | None = ended

    def __next__(self) -> bytes:
        try:
            return next(self._pieces)
        except StopIteration:
            self.close()
            raise
        except Exception as failure:
            self.close(failure)
            raise

    def close(self, failure: Exception | None = None) -> None:
        ended, self._ended = self._ended, None
        if ended:
            ended(failure)


def is_written_as_it_is_read(answer: HttpResponseBase) -> TypeGuard[StreamingHttpResponse]:
    """Whether an answer may break off after its head; a file is the server's to send."""
    return bool(answer.streaming and getattr(answer, "file_to_stream", None) is None)


def _account_of(request: HttpRequest) -> int | None:
    """The account's id, if anything has asked for the account: looking it up only for the log is not worth a query."""
    account = vars(request).get("user")
    if isinstance(account, SimpleLazyObject):  # Django's own, which looks when it is looked at
        account = vars(request).get("_cached_user")
    return account.pk if account is not None else None
