"""Which of several processes takes a connection: two servers on one socket, in turns as the test gives them."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.task import ThreadedTaskDispatcher

from native.driving.embedded import wait_until
from serving import connections, neighbours
from serving.connections import Server
from serving.patience import Patience

FIRST, SECOND = 1001, 1002
Connect = Callable[[], object]


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as made:
        made.setblocking(False)
        yield made


@pytest.fixture
def connect(listening: socket.socket) -> Iterator[Connect]:
    with ExitStack() as made:
        yield lambda: made.enter_context(socket.create_connection(listening.getsockname()))


@pytest.fixture
def servers(listening: socket.socket) -> Iterator[list[Server]]:
    made = [server_on(listening, process) for process in (FIRST, SECOND)]
    for server in made:
        server.tell()
    yield made
    for server in made:
        neighbours.leave(server.process)
        for channel in list(server.active_channels.values()):
            channel.handle_close()


def server_on(listening: socket.socket, process: int) -> Server:
    held: dict[int, Any] = {}
    return Server(
        lambda environ, start: [b""],
        held,
        True,
        listening.dup(),
        dispatcher=ThreadedTaskDispatcher(),
        bind_socket=False,
        sockinfo=(listening.family, listening.type, listening.proto, listening.getsockname()),
        adj=Adjustments(),
        patience=Patience(60, 60, 60),
        most=100,
        process=process,
    )


def turn(server: Server) -> int:
    """Let it look once; gives how many connections it holds then."""
    wasyncore.loop(timeout=0, use_poll=True, map=server._map, count=1)
    return len(server.active_channels)


def test_a_connection_is_left_to_the_process_that_holds_fewer(servers: list[Server], connect: Connect) -> None:
    first, second = servers
    connect()
    assert turn(first) == 1
    connect()
    assert (turn(first), turn(second)) == (1, 1)
    connect()
    assert (turn(second), turn(first)) == (2, 1)


def test_what_a_process_at_a_standstill_does_not_take_another_does(servers: list[Server], connect: Connect) -> None:
    first, _ = servers
    for held in (1, 2, 3):
        connect()
        wait_until(lambda held=held: turn(first) == held, "it was taken")  # type: ignore[misc]


def test_what_was_left_and_taken_is_forgotten(servers: list[Server], connect: Connect) -> None:
    first, second = servers
    connect()
    turn(first)
    connect()
    turn(first)
    turn(second)
    wait_until(lambda: turn(first) == 1 and first.leaves_until == 0, "it looked again and found nothing")
    connect()
    assert (turn(first), turn(second)) == (2, 1)
    connect()
    assert (turn(first), turn(second)) == (2, 2)


def test_of_many_that_come_at_once_the_next_is_taken_as_soon_as_the_other_has_taken_its_own(
    servers: list[Server], connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "LEFT_SECONDS", 60)
    first, second = servers
    connect()
    turn(first)
    connect()
    connect()
    assert turn(first) == 1
    assert first.is_leaving
    assert not first.readable()
    assert turn(second) == 1
    assert first.readable()
    assert turn(first) == 2


def test_nothing_is_left_to_a_process_that_has_ended(servers: list[Server], connect: Connect) -> None:
    first, second = servers
    connect()
    turn(first)
    second.is_ending = True
    second.tell()
    connect()
    assert turn(first) == 2


def test_who_has_nobody_beside_it_knows_no_least() -> None:
    neighbours.tell(FIRST, 3)
    try:
        assert neighbours.least_held(beside=FIRST) is None
        assert neighbours.least_held(beside=SECOND) == 3
    finally:
        neighbours.leave(FIRST)
