"""One turn of each section: an engine started anew, measured, ended, and compared with the truth to the cent."""

import json
import math
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from bench.api import servers
from bench.filling.command import tokens_in
from bench.mysql import MySQL
from bench.running import run
from bench.scaling.measured import Cost, Scaled, Start, cost, megabytes, scaled
from bench.scaling.pace import Floats, Latency, Pace, Sightings, latencies
from bench.scaling.sending import Message, send
from bench.scaling.watching import Look, by_api, in_table, in_topic
from bench.sqlite import SQLite
from bench.workers.broker import encoded
from bench.workers.checking import refuse
from bench.workers.stages import ACCOUNTS
from bench.workers.tasks import Engine, Program
from bench.workers.turns import Stage, settings_of
from native.driving.embedded import wait_until

STREAMS_COMMIT_MS = 100
STREAMS_THREADS = 2
READY_SECONDS = 120
BEFOREHAND_SECONDS = 0.5
SEEN_SECONDS = 60
"""within which the last order has to be visible"""
ENOUGH = 0.85
"""of the orders, before one process has no more of them while others still have"""
FULL = 0.95
"""of what is to be remembered"""
READS_TOTALS = "analyst"
"""the demo account that asks the API"""


def latency(prepared: Stage, engine: Engine, pace: Pace) -> list[Latency]:
    """How long orders take at the rates of a pace until they are seen; the stage's topic must be empty."""
    orders = pace.orders(partitions=prepared.broker.partitions, now_ms=int(time.time() * 1000))
    found, own = Sightings(orders, pace), replace(prepared, orders=orders, count=len(orders))
    with _at_work(own, engine, found) as look:
        messages = [(*each, home) for each, home in zip(encoded(orders), orders.homes.tolist(), strict=True)]
        for part in pace.parts:
            begins, late = _sent(own.broker.address, messages, found, part, look)
    return latencies(engine.name, found, begins, late)


def _sent(address: str, messages: Sequence[Message], found: Sightings, part: slice, look: Look) -> tuple[float, Floats]:
    """Send a part of the orders and look until all of them are visible, or it is too late for that.

    Returns when the first order of all was or would have been due, and by how many seconds each was sent late.
    """
    due, late = found.pace.due[part], np.zeros(len(messages))
    begins = time.monotonic() + BEFOREHAND_SECONDS - float(due[0])
    given_up = begins + float(due[-1]) + SEEN_SECONDS
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(send, address, messages[part], due, begins)
        while not (sending.done() and found.are_complete(part)) and time.monotonic() < given_up:
            look()
        late[part] = sending.result()
    return begins, late


@contextmanager
def _at_work(own: Stage, engine: Engine, found: Sightings) -> Iterator[Look]:
    """An engine that has its partitions, and who looks at what it does."""
    if engine.program is Program.STREAMS:
        with (
            own.streams(engine, f"peer-{engine.name}", STREAMS_COMMIT_MS) as (_, onlooker, totals),
            in_topic(own.broker, totals, found) as look,
        ):
            _wait(own, onlooker.group, STREAMS_THREADS)
            yield look
        return
    with own.at_work(engine) as (_, onlooker, _), _watch(own, engine, found) as look:
        _wait(own, onlooker.group, 1)
        yield look


@contextmanager
def _watch(own: Stage, engine: Engine, found: Sightings) -> Iterator[Look]:
    database = own.databases[engine.database]
    if engine.worker == "fraud":
        assert isinstance(database, MySQL | SQLite)
        with in_table(database, found) as look:
            yield look
        return
    token = tokens_in(own.folder / ACCOUNTS.format(engine.database))[READS_TOTALS]
    server = servers.ours("api", database.environment() | settings_of(own.broker))
    with servers.running(server, own.log("api")) as running, by_api(running.port, token, found) as look:
        yield look


def _wait(own: Stage, group: str, members: int) -> None:
    wait_until(lambda: own.broker.is_shared(group, members), f"{group} has its partitions", READY_SECONDS)


def cost_of(prepared: Stage, engine: Engine, users: int) -> Cost:
    """What an order costs the stage's worker, the more of them it has counted."""
    return cost(engine.name, users, prepared.count, prepared.worker(engine))


def scaling_of(prepared: Stage, engine: Engine, processes: int) -> Scaled:
    """How many orders so many processes of a worker take between them, and what keeps the cores busy."""
    seen = prepared.worker(engine, processes, ENOUGH)
    return scaled(engine.name, processes, prepared.broker.partitions, seen)


def start_of(prepared: Stage, engine: Engine, remembered: int) -> Start:
    """How soon an aggregator counts after its start that has counted the whole topic before.

    remembered: orders of a partition, of which it knows whether they come again.
    """
    settings = {"SEEN_EVENTS_PER_PARTITION": str(remembered)}
    seen = replace(prepared, seconds=math.inf).worker(engine, settings=settings)
    database, file = prepared.databases[engine.database], prepared.folder / "starts.json"
    environment = {**os.environ, **database.environment(), **settings_of(prepared.broker), **settings}
    with database.running():
        run("-m", "bench.scaling.starting", str(file), environment=environment)
        prepared.compare(engine, prepared.known.ends)
    told = json.loads(file.read_text())
    refuse_forgetful(engine, told["remembered"], remembered * prepared.broker.partitions)
    memory = megabytes(seen.peak_bytes)
    return Start(engine.name, prepared.broker.partitions, told["remembered"], tuple(told["seconds"]), memory)


def refuse_forgetful(engine: Engine, found: int, wanted: int) -> None:
    """A part of the window may have been given up whole. Raises Wrong."""
    is_full = found >= FULL * wanted
    refuse(engine.title, "" if is_full else f"it remembers {found:,} orders, not {wanted:,}")
