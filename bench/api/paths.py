"""The addresses that are asked for, drawn from what the tables hold; both servers are asked for the same."""

import random
import sqlite3
from base64 import b64encode
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, urlencode

from bench.api.kinds import PAGE

DRAWN = 5000
SEED = 11


def write_paths(folder: Path, database: Path, users: int) -> None:
    """Write a file of addresses for each kind that gets something.

    database: a SQLite file that holds what every database of the measurement holds.
    """
    chance = random.Random(SEED)
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        rows = connection.execute("SELECT timestamp, order_id FROM transactions ORDER BY id").fetchall()
    drawn = chance.choices(rows[2 * PAGE :], k=DRAWN)
    found = {
        "ids": [f"/transactions/{order_id}" for _, order_id in drawn],
        "pages": [f"/transactions?cursor={cursor(*row)}" for row in drawn],
        "hourly": [f"/analytics/users/{chance.randint(1, users)}/hourly" for _ in range(DRAWN)],
        "first": ["/transactions"],
    }
    for name, paths in found.items():
        (folder / name).write_text("\n".join(paths) + "\n")


def cursor(timestamp: str, order_id: str) -> str:
    """Where the page after this row starts, as the API writes it. timestamp: as SQLite holds it, in UTC."""
    moment = datetime.fromisoformat(timestamp).replace(tzinfo=UTC)
    tokens = urlencode([("p", moment.isoformat()), ("p", order_id)])
    return quote(b64encode(tokens.encode()))
