"""How fast the API answers while clients that are not logged in hold half-sent requests open, on embedded parts.

PYTHONPATH=platform .venv/bin/python -m bench.slow_clients [--held 200] [--seconds 10] [--callers 2]
"""

import argparse
import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from rich.console import Console
from rich.table import Table

from bench import callers
from bench.api.servers import ours, running
from bench.embedded import platform
from native.driving.embedded import Platform
from native.driving.shop import percentile

HALVES = {
    "nobody": (),
    "half heads": (b"POST /transactions HTTP/1.1\r\nHost: localhost\r\nX-Half: ",),
    "half bodies": (b"POST /transactions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{",),
    "nothing": (b"",),
}
CALLS = {"GET /health/live": callers.live, "POST /transactions, one order": callers.order}


def main() -> None:
    parser = argparse.ArgumentParser("python -m bench.slow_clients", description="Measure the API beside slow clients.")
    parser.add_argument("--held", type=int, default=200, help="connections with half a request")
    parser.add_argument("--seconds", type=float, default=10, help="for each kind of request")
    parser.add_argument("--callers", type=int, default=2, help="at the same time")
    options = parser.parse_args()
    table = Table("held", "request", "a second", "p50", "p99", title=f"{options.held} held, {options.callers} callers")
    with platform() as measured, api(measured) as (port, token):
        for name, sends in HALVES.items():
            for called, call in CALLS.items():
                with held_open(port, sends, options.held):
                    times = callers.all_calls(port, token, call, options.seconds, options.callers)
                p50, p99 = (f"{1000 * percentile(times, p):.0f} ms" for p in (0.5, 0.99))
                table.add_row(name, called, f"{len(times) / options.seconds:,.0f}", p50, p99)
    Console().print(table)


@contextmanager
def api(measured: Platform) -> Iterator[tuple[int, str]]:
    """Its port, and the shop's token."""
    logins = measured.folder / "accounts.json"
    measured.run("make_demo_accounts", "--write", str(logins))
    with running(ours("api", measured.environment), measured.log("api")) as server:
        yield server.port, json.loads(logins.read_text())["shop"]["token"]


@contextmanager
def held_open(port: int, sends: tuple[bytes, ...], count: int) -> Iterator[None]:
    """So many connections on which this, and then nothing, is sent; none for no bytes at all."""
    with ExitStack() as held:
        for half in sends:
            for _ in range(count):
                connection = held.enter_context(socket.create_connection(("127.0.0.1", port)))
                connection.sendall(half)
        yield


if __name__ == "__main__":
    main()
