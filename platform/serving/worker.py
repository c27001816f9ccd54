"""The worker class of gunicorn that serves with waitress: `worker_class = "serving.worker.BufferingWorker"`."""

import os
import resource
import time
from typing import Any

from gunicorn.workers.base import Worker
from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.task import ThreadedTaskDispatcher

from serving.connections import LOOKS_AGAIN_SECONDS, Server
from serving.patience import Patience

LARGEST_HEAD = 32_768
"""Bytes of a request's line and header fields."""
FILES_KEPT = 100
"""Descriptors for all else: database, logs, figures."""


LOOKS_EVERY_SECONDS = 0.5
SENT_AT_ONCE = 18_000
"""Bytes of an answer that are worth sending before it is whole."""


class BufferingWorker(Worker):
    """Obeys gunicorn's `threads`, `worker_connections`, `keepalive`, `backlog`, `timeout` and `graceful_timeout`."""

    _looked_at = 0.0

    def run(self) -> None:
        threads = ThreadedTaskDispatcher()
        threads.set_thread_count(self.cfg.threads)
        connections: dict[int, Any] = {}
        servers = [self._server(each, connections, threads) for each in self.sockets]
        try:
            while self.alive and self.ppid == os.getppid():
                self._turn(servers, connections)
            self._end(servers, connections)
        finally:
            threads.shutdown()

    def _server(self, socket: Any, connections: dict[int, Any], threads: ThreadedTaskDispatcher) -> Server:
        from django.conf import settings  # noqa: PLC0415 - gunicorn's first process has none

        listening = socket.sock
        return Server(
            self.wsgi,
            connections,
            True,
            listening,
            dispatcher=threads,
            bind_socket=False,
            sockinfo=(listening.family, listening.type, listening.proto, listening.getsockname()),
            adj=self._adjustments(settings.DATA_UPLOAD_MAX_MEMORY_SIZE, listening.getsockname()),
            patience=Patience(settings.REQUEST_HEAD_SECONDS, settings.REQUEST_SECONDS, self.cfg.keepalive),
            most=self._most(),
            process=self.age,
        )

    def _adjustments(self, largest_body: int, address: Any) -> Adjustments:
        adjustments = Adjustments(
            connection_limit=self._most() + FILES_KEPT,
            backlog=self.cfg.backlog,
            max_request_header_size=LARGEST_HEAD,
            max_request_body_size=largest_body + 1,  # waitress refuses from here on
            recv_bytes=65_536,
            # Settings say which of a proxy's header fields are believed; see SECURE_PROXY_SSL_HEADER.
            clear_untrusted_proxy_headers=False,
            ident="",
            # For requests that name no host, as HTTP/1.0 lets them.
            server_name=address[0] if isinstance(address, tuple) else "localhost",
        )
        # Head and body of a small answer go out together, when it is whole: see Connection.send_now. (As an argument
        # it is deprecated, since waitress itself would leave less than this to its next turn.)
        adjustments.send_bytes = SENT_AT_ONCE
        return adjustments

    def _most(self) -> int:
        """Connections at the same time; fewer than gunicorn's setting says where the system allows fewer files."""
        allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        return int(min(self.cfg.worker_connections, max(allowed - 2 * FILES_KEPT, FILES_KEPT)))

    def _turn(self, servers: list[Server], connections: dict[int, Any], seconds: float = 1.0) -> None:
        """Read and write what can be; wait for something to do for so many seconds at most."""
        if any(server.is_leaving for server in servers):
            seconds = min(seconds, LOOKS_AGAIN_SECONDS)
        wasyncore.loop(timeout=seconds, use_poll=True, map=connections, count=1)
        for server in servers:
            server.tell()
        now = time.monotonic()
        if now - self._looked_at >= LOOKS_EVERY_SECONDS:  # at all connections, which may be a thousand
            self._looked_at = now
            self.notify()
            for server in servers:
                server.end_overdue()

    def _end(self, servers: list[Server], connections: dict[int, Any]) -> None:
        """Answer every request that is whole, for as long as gunicorn waits."""
        deadline = time.monotonic() + self.cfg.graceful_timeout
        for server in servers:
            server.is_ending = True
        self._turn(servers, connections, seconds=0)  # takes the connections that have come
        for server in servers:
            server.take_no_more()
        self._turn(servers, connections, seconds=0)  # reads what came on them
        for server in servers:
            server.end_idle()
        while any(server.is_busy for server in servers) and time.monotonic() < deadline:
            self._turn(servers, connections)
