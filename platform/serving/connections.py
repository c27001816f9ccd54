"""Connections to clients, all held by one thread; the others only ever see requests that are whole."""

import time
from collections.abc import Iterator
from typing import Any

from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer

from serving import neighbours
from serving.patience import Patience, Waiting, WaitsFor, first_to_go
from serving.requests import Answer, Refusal, Request, TimedOut

NEVER = float("inf")
TAKEN_AT_ONCE = 50
"""New connections, before those that are there are looked at again, where there are many."""
FEW = 64
"""So many connections are taken one by one, and left to a process that holds fewer: one that has all of them works on
one core, and the others are idle. Of more, each gets its share by chance."""
LEFT_SECONDS = 0.05
"""So long a connection is left to the others. Who has not taken it by then is at a standstill."""
LOOKS_AGAIN_SECONDS = 0.002
"""after which, in that time, whether the others have taken theirs: of many that come at once the next is its own."""


class Connection(HTTPChannel):
    """To one client, of one request after another."""

    task_class = Answer
    error_task_class = Refusal
    parser_class = Request
    request: Request | None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.began = time.time()
        """when the request that comes in began, or, before the first one, the connection"""
        self.has_asked = False

    def received(self, data: bytes) -> bool:
        self.has_asked = True
        if self.request is None:
            self.began = time.time()
        return bool(super().received(data))

    def write_soon(self, data: Any) -> int:
        if not self.total_outbufs_len:
            self.last_activity = time.time()  # from now on the client is waited for, however long the answer took
        return int(super().write_soon(data))

    def writable(self) -> bool:
        """Whether there is something to do as soon as the client takes more.

        waitress' own says so too of the few bytes that its handle_write() leaves to the thread that is at work on the
        answer: with send_bytes above 1, the thread that reads and writes would turn round and round until that one is
        done, and keep it from being done.
        """
        waits = self.total_outbufs_len and (not self.requests or self.total_outbufs_len >= self.adj.send_bytes)
        return bool(waits or self.will_close or self.close_when_flushed)

    def send_now(self) -> None:
        """Send what the client takes at once, from the thread that has answered: it need not wait for another one."""
        with self.outbuf_lock:
            if self.connected and self.total_outbufs_len:
                self._flush_exception(self._flush_some, do_close=False)

    @property
    def is_busy(self) -> bool:
        """Whether a request of it is answered, or waits for a thread."""
        return bool(self.requests)

    @property
    def waiting(self) -> Waiting | None:
        """What is waited for; None while the turn is ours."""
        address = str(self.addr[0])
        if self.total_outbufs_len:
            return Waiting(WaitsFor.READER, self.last_activity, address)
        if self.is_busy:
            return None
        if self.request is not None:
            return Waiting(WaitsFor.BODY if self.request.headers_finished else WaitsFor.HEAD, self.began, address)
        if not self.has_asked:
            return Waiting(WaitsFor.HEAD, self.began, address)
        return Waiting(WaitsFor.ANOTHER, self.last_activity, address)

    def give_up(self) -> None:
        """Say that it took too long, where a request had begun, and close."""
        with self.requests_lock:
            request, self.request = self.request, None
            if request is not None and not self.requests and not self.total_outbufs_len:
                request.error, request.completed = TimedOut(""), True
                self.requests.append(request)
                self.server.add_task(self)
                return
        self.handle_close()


class Server(TcpWSGIServer):
    """Takes connections from one socket. What takes too long is closed, and so is what would keep others out."""

    channel_class = Connection
    next_channel_cleanup = NEVER  # end_overdue does it, which knows what is waited for

    def __init__(self, *args: Any, patience: Patience, most: int, process: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.patience = patience
        self.most = most
        self.process = process
        """its number among the neighbours"""
        self.leaves_until = 0.0
        """the monotonic time until which what came is left to the others; 0: nothing is"""
        self._has_looked_again = False
        self.is_ending = False
        """then it takes all connections that have come, and the other processes take what comes"""

    def fix_addr(self, addr: Any) -> Any:
        return addr or ("localhost", 0)  # of a Unix socket

    def readable(self) -> bool:
        """Whether to look for connections in this turn."""
        if self.is_leaving and self._holds_more():
            return False
        if self._has_looked_again:
            self.leaves_until = 0.0  # in the last turn nothing was there any more: somebody took it
        self._has_looked_again = bool(self.leaves_until)
        return bool(super().readable())

    def handle_accept(self) -> None:
        """Take what has come, or leave it to a process that holds fewer."""
        is_shared = len(self.active_channels) < FEW and not self.is_ending
        if is_shared and self._leaves():
            return
        for _ in range(1 if is_shared else TAKEN_AT_ONCE):
            held = len(self.active_channels)
            super().handle_accept()
            if len(self.active_channels) == held:
                return
            self.tell()
            if held >= self.most and not self._make_room():
                return

    def tell(self) -> None:
        """Let the other processes know how many connections this one holds, on all its sockets."""
        if self.is_ending:
            neighbours.leave(self.process)
        else:
            neighbours.tell(self.process, len(self._map))

    @property
    def is_leaving(self) -> bool:
        """Whether what has come is being left to others."""
        return time.monotonic() < self.leaves_until

    def _holds_more(self) -> bool:
        """Than another process, which therefore is to take the next."""
        least = neighbours.least_held(beside=self.process)
        return least is not None and len(self._map) > least

    def _leaves(self) -> bool:
        """Whether another process is to take what has come: it gets one chance."""
        was_left, self.leaves_until, self._has_looked_again = bool(self.leaves_until), 0.0, False
        if was_left or not self._holds_more():
            return False
        self.leaves_until = time.monotonic() + LEFT_SECONDS
        return True

    def _make_room(self) -> bool:
        """Close some connections on which nothing is done; False where there are none."""
        going = first_to_go(dict(self._waiting()))
        for connection in going:
            connection.handle_close()
        return bool(going)

    def end_overdue(self) -> None:
        """Close what has been waited for too long; to be called again and again."""
        now = time.time()
        for connection, waiting in list(self._waiting()):
            if self.patience.is_over(waiting, now):
                connection.give_up()

    def take_no_more(self) -> None:
        """Leave connections that come from now on to other processes."""
        self.del_channel()

    def end_idle(self) -> None:
        """Close every connection of which no request is whole."""
        for connection in list(self.active_channels.values()):
            if not connection.is_busy and not connection.total_outbufs_len:
                connection.handle_close()

    @property
    def is_busy(self) -> bool:
        """Whether anybody's answer is outstanding."""
        return any(each.is_busy or each.total_outbufs_len for each in self.active_channels.values())

    def _waiting(self) -> Iterator[tuple[Connection, Waiting]]:
        for connection in self.active_channels.values():
            if (waiting := connection.waiting) is not None:
                yield connection, waiting
