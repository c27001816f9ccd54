"""What is logged of an answer, however it ends. With waitress' own tasks, and no client."""

import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from structlog.contextvars import bind_contextvars, get_contextvars
from waitress.adjustments import Adjustments
from waitress.channel import ClientDisconnected

from serving.requests import Answer, Refusal, Request

Line = dict[str, Any]


@pytest.fixture
def lines(settings: Any) -> list[Line]:
    """What is logged."""
    found: list[Line] = []
    settings.ACCESS_LOG = SimpleNamespace(info=lambda event, **values: found.append(values))
    return found


def answer(application: Any, write_soon: Any, method: bytes = b"GET") -> Answer:
    request = Request(Adjustments())
    request.received(method + b" /orders HTTP/1.1\r\nHost: shop\r\n\r\n")
    server = SimpleNamespace(application=application, effective_host="shop", effective_port=80, server_name="shop")
    server.adj = request.adj
    channel = SimpleNamespace(server=server, addr=("127.0.0.1", 1), write_soon=write_soon, send_now=lambda: None)
    channel.creation_time, channel.check_client_disconnected, channel.adj = 0, lambda: False, request.adj
    return Answer(channel, request)


def created(environ: Any, start_response: Any) -> list[bytes]:
    start_response("201 Created", [("Content-Length", "2")])
    return [b"{}"]


def streamed(environ: Any, start_response: Any) -> Iterator[bytes]:
    start_response("200 OK", [])
    yield b"id,amount"
    yield b"1,5.00"


def hung_up(data: Any) -> int:
    raise ClientDisconnected


def fails(environ: Any, start_response: Any) -> list[bytes]:
    raise RuntimeError("nobody expected this")


def test_an_answer_that_is_taken_is_one_line(lines: list[Line]) -> None:
    answer(created, len).service()
    [line] = lines
    assert (line["request"], line["status"], line["bytes"]) == ("GET /orders", 201, 2)


@pytest.mark.parametrize(
    ("application", "tells"), [(created, b"Content-Length: 2\r\n"), (streamed, b"Transfer-Encoding: chunked\r\n")]
)
def test_to_head_goes_the_head_of_what_get_would_be_answered_and_nothing_more(
    lines: list[Line], application: Any, tells: bytes
) -> None:
    sent: list[bytes] = []
    answer(application, sent.append, b"HEAD").service()
    [head] = sent
    assert tells in head
    assert head.partition(b"\r\n\r\n")[2] == b""
    assert [line["bytes"] for line in lines] == [0]


def test_what_was_done_for_a_client_that_hung_up_is_logged_too(lines: list[Line]) -> None:
    with pytest.raises(ClientDisconnected):
        answer(created, hung_up).service()
    assert [line["status"] for line in lines] == [201]


def test_what_fails_before_it_has_an_answer_is_no_success(lines: list[Line]) -> None:
    with pytest.raises(RuntimeError):
        answer(fails, len).service()
    assert [line["status"] for line in lines] == [500]


def breaks_off(environ: Any, start_response: Any) -> Iterator[bytes]:
    start_response("200 OK", [])
    yield b"some"
    raise RuntimeError("the database went away")


def test_what_breaks_off_after_its_head_is_no_success(lines: list[Line]) -> None:
    with pytest.raises(RuntimeError):
        answer(breaks_off, len).service()
    [line] = lines
    assert line["status"] == 500


def test_nothing_of_a_request_is_bound_to_what_follows_it(lines: list[Line]) -> None:
    bind_contextvars(request_id="of the first one")
    with pytest.raises(ClientDisconnected):
        answer(created, hung_up).service()
    assert get_contextvars() == {}


def test_a_request_that_is_none_is_answered_and_logged_under_an_id(lines: list[Line]) -> None:
    request = Request(Adjustments())
    request.received(b"GET / HTTP/1.1\r\nX-Request-Id: mine\r\nContent-Length: some\r\n\r\n")
    written: list[bytes] = []
    server = SimpleNamespace(adj=request.adj)
    channel = SimpleNamespace(server=server, addr=("127.0.0.1", 1), write_soon=written.append, adj=request.adj)
    channel.creation_time, channel.check_client_disconnected = 0, lambda: False
    Refusal(channel, request).service()
    told = b"".join(written).decode()
    assert re.search("(?m)^X-Request-Id: [-0-9a-z]+\r$", told)
    assert [line["status"] for line in lines] == [400]
