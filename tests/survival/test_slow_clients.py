"""The API as gunicorn serves it, and clients that send half of a request, without any login."""

import http.client
import json
import os
import signal
import socket
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from shutil import copy
from typing import Any

import psutil
import pytest

from native.driving.embedded import platform_environment, wait_until
from tests.served import gunicorn

HALF_A_HEAD = b"POST /transactions HTTP/1.1\r\nHost: localhost\r\nX-Half: "
HALF_A_BODY = b'POST /auth/tokens HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"user'
NOTHING = b""


class Api:
    def __init__(self, port: int, process: psutil.Process, log: Path) -> None:
        self.port, self.process, self.log = port, process, log

    def status(self, path: str = "/health/live", timeout: float = 60) -> int:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=timeout) as answer:
            return int(answer.status)

    def connect(self, sends: bytes) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        connection.sendall(sends)
        return connection

    def exchange(self, sends: bytes) -> tuple[int, str, Any]:
        """Status, content type and JSON of the answer to these bytes; the connection is ended after it."""
        with self.connect(sends) as connection:
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            content = answer.read()
            assert connection.recv(1) == b""
            return answer.status, answer.headers["Content-Type"], json.loads(content)


Start = Callable[..., Api]


@pytest.fixture
def start(migrated_database: Path, tmp_path: Path) -> Iterator[Start]:
    """Starts the API with other settings, and options of gunicorn; ends it afterwards."""
    with ExitStack() as running:
        yield lambda *options, **changes: running.enter_context(api(migrated_database, tmp_path, options, changes))


@contextmanager
def api(migrated: Path, folder: Path, options: tuple[str, ...], changes: dict[str, str]) -> Iterator[Api]:
    database = Path(copy(migrated, folder / "platform.sqlite3"))
    environment = os.environ | platform_environment(database, "127.0.0.1:1") | changes
    with gunicorn(environment, folder / "api.log", "--no-control-socket", *options) as server:
        yield Api(server.port, server.process, server.log)


@pytest.fixture(scope="module")
def served(migrated_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """The API as it is started everywhere, for tests that leave it as it was."""
    with api(migrated_database, tmp_path_factory.mktemp("served"), (), {}) as running:
        yield running
        assert "Traceback" not in running.log.read_text()


@pytest.mark.parametrize("half", [HALF_A_HEAD, HALF_A_BODY, NOTHING], ids=["heads", "bodies", "nothing"])
def test_two_hundred_half_sent_requests_keep_nobody_waiting(served: Api, half: bytes) -> None:
    with ExitStack() as held:
        for _ in range(200):
            held.enter_context(served.connect(half))
        assert [served.status() for _ in range(20)] == [200] * 20
        assert served.status("/health/ready") == 200


def test_more_connections_than_are_held_let_the_oldest_go_and_are_answered(start: Start) -> None:
    api = start("--workers", "1", "--worker-connections", "50")
    with ExitStack() as held:
        sockets = [held.enter_context(api.connect(HALF_A_BODY)) for _ in range(200)]
        assert api.status() == 200
        assert has_ended(sockets[0])


def has_ended(connection: socket.socket) -> bool:
    """Wait for what is said next; whether it is nothing. A connection that was never read from is reset."""
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def test_who_takes_too_long_with_a_head_or_a_body_is_told_and_let_go(start: Start) -> None:
    api = start(REQUEST_HEAD_SECONDS="1", REQUEST_SECONDS="2")
    for half in (HALF_A_HEAD, HALF_A_BODY):
        status, content_type, problem = api.exchange(half)
        assert (status, content_type, problem["type"]) == (408, "application/problem+json", "/problems#request-timeout")
    with api.connect(NOTHING) as silent:
        assert silent.recv(1) == b""
    assert api.status() == 200


def test_a_byte_now_and_then_does_not_lengthen_the_time(start: Start) -> None:
    api = start(REQUEST_HEAD_SECONDS="1", REQUEST_SECONDS="2")
    for half in (HALF_A_HEAD, HALF_A_BODY):
        with api.connect(half) as connection:
            connection.settimeout(0.1)
            wait_until(partial(is_let_go, connection), "the connection has an end", 60)


def is_let_go(connection: socket.socket) -> bool:
    """Send one byte more; whether that was answered, or nobody is there any more."""
    try:
        connection.send(b"x")
        return bool(connection.recv(100))
    except TimeoutError:
        return False
    except ConnectionError:
        return True


@pytest.mark.parametrize(
    ("sent", "status", "slug"),
    [
        (b"GARBAGE\r\n\r\n", 400, "malformed"),
        (b"get / HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "malformed"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nno colon\r\n\r\n", 400, "malformed"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: a\r\n folded\x00\r\n\r\n", 400, "malformed"),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", 400, "malformed"),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400, "malformed"),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %b\r\n\r\n" % (b"9" * 5000), 400, "malformed"),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n", 501, "not-implemented"),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400, "malformed"),
        (b"GET /%b HTTP/1.1\r\nHost: localhost\r\n\r\n" % (b"a" * 40_000), 414, "uri-too-long"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: %b\r\n\r\n" % (b"a" * 40_000), 431, "head-too-large"),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000001\r\n\r\n" + b"a" * 1_000_001, 413, "too-large"),
        (
            b"POST / HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 1000001\r\n\r\n",
            413,
            "too-large",
        ),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999999999\r\n\r\n", 413, "too-large"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, "malformed"),
    ],
)
def test_what_is_no_request_is_answered_with_a_problem(served: Api, sent: bytes, status: int, slug: str) -> None:
    assert served.exchange(sent)[:2] == (status, "application/problem+json")
    problem = served.exchange(sent)[2]
    assert (problem["type"], problem["status"]) == (f"/problems#{slug}", status)
    assert problem["title"]
    assert problem["detail"]


def test_a_request_that_names_no_host_is_for_the_address_it_came_to(served: Api) -> None:
    with served.connect(b"GET /health/live HTTP/1.0\r\n\r\n") as connection:
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert answer.status == 200


def test_a_server_that_is_told_to_end_first_answers_what_it_has(start: Start) -> None:
    api = start()
    with api.connect(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n") as asked, api.connect(HALF_A_BODY) as half:
        api.process.send_signal(signal.SIGTERM)
        answer = http.client.HTTPResponse(asked)
        answer.begin()
        assert answer.status == 200
        assert half.recv(1) == b""
        assert api.process.wait(60) == 0
