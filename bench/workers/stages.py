"""What turns are taken on: databases with empty tables, and a broker with a load in its topic."""

import os
import time
from collections.abc import Iterator, Mapping, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from bench.mysql import MySQL
from bench.running import run
from bench.sqlite import SQLite
from bench.workers.broker import Broker
from bench.workers.java import Peers
from bench.workers.orders import Load, drawn
from bench.workers.tasks import MYSQL, SQLITE
from bench.workers.turns import Database, Stage, settings_of
from native.driving.embedded import running_broker

BROKERS_HEAP = "1g"
BUFFER_POOL_MB = 512
ACCOUNTS = "accounts-{}.json"
"""of a database, by its name: a file in the folder of the measurement"""


def databases(needed: Set[str], measurement: str, accounts: Path | None = None) -> dict[str, Database]:
    """Each with empty tables, and ended. SQLite is what our processes have that need none.

    accounts: the folder that the accounts' tokens are written to, if there are to be any.
    """
    known: dict[str, Database] = {SQLITE: SQLite(f"{measurement}-sqlite"), MYSQL: mysql(measurement)}
    found = {name: database for name, database in known.items() if name in needed}
    with ThreadPoolExecutor() as pool:
        list(pool.map(partial(_make, accounts=accounts), *zip(*found.items(), strict=True)))
    return found


def _make(name: str, database: Database, accounts: Path | None) -> None:
    database.make()
    environment = {**os.environ, **database.root}
    with database.running():
        run("manage.py", "migrate", "--verbosity", "0", environment=environment)
        if accounts:
            file = str(accounts / ACCOUNTS.format(name))
            run("manage.py", "make_demo_accounts", "--write", file, environment=environment)
    database.keep()


def mysql(measurement: str) -> MySQL:
    return MySQL(f"{measurement}-mysql", BUFFER_POOL_MB)


@contextmanager
def stage(
    load: Load | None,
    count: int,
    *,
    partitions: int,
    found: Mapping[str, Database],
    peers: Peers,
    folder: Path,
    seconds: float,
    console: Console,
) -> Iterator[Stage]:
    """A broker of its own, and so many orders of the load in it."""
    with (
        TemporaryDirectory(dir=folder) as name,
        running_broker(Path(name), heap=BROKERS_HEAP) as address,
        closing(Broker(address, partitions)) as broker,
    ):
        environment = {**os.environ, **found[SQLITE].environment(), **settings_of(broker)}
        run("manage.py", "create_topics", "--wait", "60", environment=environment)
        orders = None
        if load:
            with console.status(f"loading {count:,} orders of {load.title} …"):
                orders = drawn(load, count, partitions=partitions, now_ms=int(time.time() * 1000))
                broker.fill(orders)
        yield Stage(broker, orders, count, found, peers, folder, seconds)
