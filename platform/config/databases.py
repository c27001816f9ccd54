"""Django's settings of a database, from its URL, as this platform wants each kind."""

from pathlib import Path
from typing import Any

from config import env

SQLITE = "django.db.backends.sqlite3"
MYSQL = "django.db.backends.mysql"


def tuned(named: dict[str, Any], authority: Path | None) -> dict[str, Any]:
    """The settings that env.database() gives, and how we use such a database beside them.

    authority: whose certificates MySQL's server shows; None: the URL says so.
    """
    if named["ENGINE"] == SQLITE:
        return named | _sqlite(named["NAME"])
    return named | _mysql(authority, named.get("OPTIONS", {})) if named["ENGINE"] == MYSQL else named


def _sqlite(name: str) -> dict[str, Any]:
    return {
        "ENGINE": "config.sqlite",
        "NAME": env.sqlite_file(name),
        # Opening a file for each request would take longer than most queries.
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            # Several processes write: writers queue from the start of a transaction instead of failing in its middle.
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            # Whoever ends a transaction with so many pages in the log moves them all into the file, and syncs both.
            # Workers do it sooner (database/large_writes.py), so that no request has to.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=10000;",
        },
    }


def _mysql(authority: Path | None, options: dict[str, Any]) -> dict[str, Any]:
    ours = {
        "charset": "utf8mb4",
        # Workers lock the rows that they change; REPEATABLE READ's gap locks would only add deadlocks.
        "isolation_level": "read committed",
        # What does not fit is refused, whatever the server's own mode, and never cut. Where somebody has locked a
        # table, nobody waits for as long as the server would let them: a year.
        "init_command": "SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES'), lock_wait_timeout = 10",
        "connect_timeout": 5,
        # Or the driver sends whatever file the server asks for. Who loads rows so says it: see database/loading.py.
        "local_infile": False,
    }
    return {
        "ENGINE": "config.mysql",
        # Workers and API keep their connections, and look whether they still hold before they use them.
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": ours | ({"ssl": {"ca": str(authority)}} if authority else {}) | options,
        # As the database of the shop is made: see compose/mysql/accounts.sql.
        "TEST": {"CHARSET": "utf8mb4", "COLLATION": "utf8mb4_0900_bin"},
    }
