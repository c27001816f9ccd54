"""One server's turn: its database as it was at first, the server started anew, every kind of request measured."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.error import HTTPError
from urllib.request import Request

import psutil

from bench.api import wrk
from bench.api.kinds import Kind
from bench.api.measured import Measured, Turn
from bench.api.servers import Running, Server, running
from bench.figures import rounded
from native.loopback import urlopen

MEGABYTE = 2**20
STARTS_SECONDS = 8
"""of a database and a server, about"""


class Database(Protocol):
    """MySQL or SQLite."""

    def running(self) -> AbstractContextManager[psutil.Process | None]: ...
    def put_back(self) -> None: ...


@dataclass(frozen=True)
class Contestant:
    """A server, the database it works on, and the tokens of the accounts there, by name."""

    server: Server
    database: Database
    tokens: Mapping[str, str]


@dataclass(frozen=True)
class Plan:
    """What is measured in a turn, and for how long.

    seconds: for each kind. warm_share: of a server's own seconds of warming up. folder: with the files of addresses;
    logs go there.
    """

    kinds: Sequence[Kind]
    seconds: float
    warm_share: float
    folder: Path

    def seconds_of(self, server: Server) -> float:
        """About so long a turn of a server takes."""
        warm = server.warm_seconds * self.warm_share * len(self.kinds)
        return STARTS_SECONDS + warm + sum(self.seconds * kind.longer for kind in self.kinds)


Beside = Callable[[Mapping[str, str]], AbstractContextManager[dict[str, str]]]
"""what works on the same database meanwhile, given the server's variables; gives more of them"""


def alone(_: Mapping[str, str]) -> AbstractContextManager[dict[str, str]]:
    return nullcontext({})


def take_turn(who: Contestant, plan: Plan, tell: Callable[[str], None], beside: Beside = alone) -> Turn:
    """Start the server on its database as it was at first, and measure; raises wrk.Failed."""
    who.database.put_back()
    log = plan.folder / f"{who.server.name}.log"
    with who.database.running() as database, beside(who.server.environment) as more:
        began = time.monotonic()
        with running(who.server.told(more), log) as server:
            ready, measured = time.monotonic() - began, {}
            for kind in plan.kinds:
                tell(f"{who.server.name}: {kind.title}")
                if beside is alone:  # otherwise there are orders that the others have not
                    compare_answers(server, kind, who.tokens[kind.login], plan.folder)
                measured[kind.name] = _measure_warm(who, server, database, kind, plan)
            return Turn(who.server.name, round(server.memory_bytes() / MEGABYTE, 1), round(ready, 1), measured)


def _measure_warm(
    who: Contestant, server: Running, database: psutil.Process | None, kind: Kind, plan: Plan
) -> Measured:
    token = who.tokens[kind.login]

    def ask(seconds: float) -> wrk.Answered:
        return wrk.ask(server.url, kind, token, plan.folder, seconds)

    ask(who.server.warm_seconds * plan.warm_share)
    before, database_before = server.cpu_seconds(), cpu_of(database)
    told = ask(plan.seconds * kind.longer)
    if not told.requests:
        raise wrk.Failed(f"{kind.title}: not one answer came within {plan.seconds:g} s.")
    server_ms = 1000 * (server.cpu_seconds() - before) / told.requests
    database_ms = 1000 * (cpu_of(database) - database_before) / told.requests
    return Measured(
        per_second=rounded(told.requests * kind.counts / told.seconds),
        p50_ms=told.p50_ms,
        p99_ms=told.p99_ms,
        max_ms=told.max_ms,
        requests=told.requests,
        server_cpu_ms=rounded(server_ms),
        database_cpu_ms=rounded(database_ms),
    )


def cpu_of(process: psutil.Process | None) -> float:
    return float(sum(process.cpu_times()[:2])) if process else 0.0


_ANSWERS: dict[str, Any] = {}


def compare_answers(server: Running, kind: Kind, token: str, folder: Path) -> None:
    """Ask once for what every server is asked for first; raises wrk.Failed if it answers otherwise than the others."""
    if not kind.paths:
        return
    path = (folder / kind.paths).read_text().partition("\n")[0]
    try:
        with urlopen(Request(server.url + path, headers={"Authorization": f"Bearer {token}"}), timeout=30) as answer:
            told = json.load(answer)
    except HTTPError as error:
        raise wrk.Failed(f"{kind.title}: {path} is answered with {error.code}: {error.read()[:500]!r}") from error
    for link in ("next", "previous"):
        told[link] = bool(told.get(link))  # they name the server
    first = _ANSWERS.setdefault(kind.name, told)
    if first != told:
        raise wrk.Failed(
            f"{kind.title}: {path} is answered otherwise than by another server:\n{first}"[:1000] + f"\n{told}"[:1000]
        )
