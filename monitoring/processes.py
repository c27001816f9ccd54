"""What supervisord reports of the processes that it runs."""

import socket
from http.client import HTTPConnection, HTTPException
from typing import Any
from xmlrpc import client

TIMEOUT_SECONDS = 1
TROUBLES = {"FATAL": "has been given up", "BACKOFF": "ends as soon as it is started"}


class NoAnswer(RuntimeError):
    """supervisord does not answer."""


def troubles(path: str) -> list[str]:
    """A sentence without its full stop for each process that does not stay; raises NoAnswer.

    path: of supervisord's socket.
    """
    try:
        # The host is a placeholder that XML-RPC wants.
        processes: Any = client.ServerProxy(
            "http://localhost/RPC2", transport=_OverSocket(path)
        ).supervisor.getAllProcessInfo()
    except (OSError, HTTPException, client.Error) as error:
        raise NoAnswer(type(error).__name__) from error
    return [f"{info['name']} {TROUBLES[info['statename']]}" for info in processes if info["statename"] in TROUBLES]


class _OverSocket(client.Transport):
    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, host: Any) -> HTTPConnection:
        return _Connection(self._path)


class _Connection(HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=TIMEOUT_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(TIMEOUT_SECONDS)
        self.sock.connect(self._path)
