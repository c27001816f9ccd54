"""Requests as they come in, and what is answered to those that never reach Django."""

from http import HTTPStatus

from structlog.contextvars import bind_contextvars
from waitress.channel import ClientDisconnected
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.task import ErrorTask, Task, WSGITask
from waitress.utilities import Error, RequestEntityTooLarge, RequestHeaderFieldsTooLarge

from serving import access

FAILED = f"{HTTPStatus.INTERNAL_SERVER_ERROR.value} {HTTPStatus.INTERNAL_SERVER_ERROR.phrase}"
SWALLOWED_BYTES = 20_000_000
"""Of a body that is too large: most clients send all of it before they look for an answer."""


class TimedOut(Error):
    code = HTTPStatus.REQUEST_TIMEOUT.value
    reason = HTTPStatus.REQUEST_TIMEOUT.phrase


class LineTooLong(Error):
    code = HTTPStatus.REQUEST_URI_TOO_LONG.value
    reason = "URI Too Long"


class Request(HTTPRequestParser):
    """A request that grows until it is `completed`."""

    error: Error | None
    expect_continue: bool
    # Also of one whose line was never read: logs name them.
    command = path = ""
    swallowing = 0
    """bytes of a body that is too large, still to come"""

    def received(self, data: bytes) -> int:
        """Take what has come; returns how many bytes of it belong to this request."""
        if self.swallowing:
            return self._swallow(data)
        taken: int = super().received(data)
        match self.error:
            case RequestHeaderFieldsTooLarge() if self._line_takes_most_of(self.header_plus + data):
                self.error = LineTooLong("")
            case RequestEntityTooLarge() if not self.expect_continue and 0 < self.content_length <= SWALLOWED_BYTES:
                self.completed, self.swallowing = False, self.content_length
            case RequestEntityTooLarge():
                self.expect_continue = False
        return taken

    def parse_header(self, header_plus: bytes) -> None:
        try:
            super().parse_header(header_plus)
        except ValueError as error:  # a Content-Length of thousands of digits
            raise ParsingError("Content-Length is invalid") from error

    def _line_takes_most_of(self, head: bytes) -> bool:
        line, _, _ = head.lstrip().partition(b"\n")
        return bool(len(line) > self.adj.max_request_header_size / 2)

    def _swallow(self, data: bytes) -> int:
        taken = min(len(data), self.swallowing)
        self.swallowing -= taken
        self.completed = not self.swallowing
        return taken


class Logged(Task):
    """Leaves a line in the log, also if the client has gone meanwhile: what it asked for may have been done.

    To HEAD it sends the head alone, whatever there is to follow: Django answers it as it does GET, and leaves the rest
    to the server, and so does waitress. A client would take the body for the next answer (RFC 9110, 9.3.2).
    """

    status = FAILED
    """until there is an answer"""

    @property
    def has_head_only(self) -> bool:
        return bool(self.request.command == "HEAD")

    def build_response_header(self) -> bytes:
        head: bytes = super().build_response_header()
        if self.has_head_only:
            self.chunked_response = False  # or an end of chunks would follow
        return head

    def write(self, data: bytes) -> None:
        super().write(b"" if self.has_head_only else data)

    def service(self) -> None:
        try:
            super().service()
        except ClientDisconnected:
            raise
        except Exception:
            self.status = FAILED  # whatever its head said
            raise
        finally:
            access.log_answer(self)


class Refusal(Logged, ErrorTask):
    """Answers a request that is none, with a problem, and ends the connection."""

    def execute(self) -> None:
        # Here, since the first process of gunicorn, which imports this file, has no settings.
        from api.errors import refusal  # noqa: PLC0415
        from api.request_ids import HEADER, request_id  # noqa: PLC0415

        named = request_id(self.request.headers.get("X_REQUEST_ID"))
        bind_contextvars(request_id=named)
        error = self.request.error
        content_type, body = refusal(error.code, error.body)
        self.status = f"{error.code} {error.reason}"
        self.response_headers += [("Content-Type", content_type), (HEADER, named)]
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class Answer(Logged, WSGITask):
    """Has Django answer a request."""

    def finish(self) -> None:
        super().finish()
        self.channel.send_now()
